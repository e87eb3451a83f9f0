// Backward: what is asked about, the gradient of it, and the check of one number by computing again.

// The score of a class at a pixel; or, if the truth is known, the loss: the mean cross-entropy of the output's pixels,
// each class as important as any other, ignored pixels left out.
function askedValue(out, aim) {
  if (!aim.loss) return valueAt(out, aim.i, aim.j, aim.k);
  const likely = softmax(out), counted = [...model.truth.keys()].filter(n => model.truth[n] < out.c);
  return -total(counted.map(n => Math.log(likely.d[n * out.c + model.truth[n]]))) / counted.length;
}
function seedOf(out, aim) {  // its gradient with respect to the scores
  const dy = like(out);
  if (!aim.loss) {
    dy.d[(aim.i * out.w + aim.j) * out.c + aim.k] = 1;
    return dy;
  }
  const likely = softmax(out), counted = model.truth.reduce((sum, k) => sum + (k < out.c), 0);
  likely.d.forEach((value, n) => {
    const truth = model.truth[n / out.c | 0];
    if (truth < out.c) dy.d[n] = (value - (truth === n % out.c)) / counted;
  });
  return dy;
}

// This number a little larger, and everything after it computed again: (after - before) / step. If a ReLU or a max-pool
// changes its mind on the way, a smaller step is tried.
function slopeByComputing({params, arrays, edits, aim, name, i, j, k}, gradient) {
  const before = askedValue(arrays.out, aim), n = (i * arrays[name].w + j) * arrays[name].c + k;
  for (let digits = 4; ; digits++) {
    const step = 10 ** (2 - digits), again = {...arrays, [name]: {...arrays[name], d: arrays[name].d.slice()}};
    again[name].d[n] += step;
    for (const _ of forward(model.steps, params, again, edits, name === "x" ? 0 : model.order[name] + 1));
    const after = askedValue(again.out, aim), slope = (after - before) / step;
    const agrees = Math.abs(slope - gradient) <= .01 * Math.abs(gradient);
    if (agrees || digits === 7) return {before, after, step, slope, agrees, digits};
  }
}

function gradientSum(asked, gradient) {
  const {aim} = asked, place = `at row ${aim.i}, column ${aim.j}`;
  const what = aim.loss ? "the loss" : `the score of ${model.classes[aim.k]} ${place}`;
  const text = element("div", {className: "formula", textContent: "not computed yet", aria: {live: "polite"}});
  const check = () => {
    const {before, after, step, slope, agrees, digits} = slopeByComputing(asked, gradient);
    const numbers = `(${textOf(after, digits)} ${MINUS} ${textOf(before, digits)}) / ${step} = ${textOf(slope)}`;
    text.textContent = `${numbers}; the gradient says ${textOf(gradient)}.`
      + (agrees ? "" : " They differ, as a ReLU or a max-pool on the way changes its mind within this step.");
  };
  const effect = `${gradient < 0 ? "lower" : "raise"} it by about ${textOf(Math.abs(gradient) / 100)}`;
  const here = gradient ? `${textOf(gradient)}: if this number were 0.01 larger, that would ${effect}.`
    : "0: with this number a little larger, nothing would change.";
  return [sentence(`Gradient of ${what}.`, `Here it is ${here}`),
          element("p", {}, button("Check it: make this number larger and compute again", check)), text];
}
