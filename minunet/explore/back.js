// Backward: what is asked about, the gradient of it, and the check of one number by computing again.

// The score of a class at a pixel; or, if the truth is known, the loss: the mean cross-entropy of the output's pixels,
// each class as important as any other, ignored pixels left out.
function askedValue(model, out, aim) {
  if (!aim.loss) return valueAt(out, aim.i, aim.j, aim.k);
  const likely = softmax(out), counted = [...model.truth.keys()].filter(n => model.truth[n] < out.c);
  return -total(counted.map(n => Math.log(likely.d[n * out.c + model.truth[n]]))) / counted.length;
}

function seedOf(model, out, aim) {  // its gradient with respect to the scores
  if (!aim.loss) {
    const dy = like(out);
    dy.d[(aim.i * out.w + aim.j) * out.c + aim.k] = 1;
    return dy;
  }
  const counted = model.truth.reduce((sum, k) => sum + (k < out.c), 0);
  const off = (value, n) => {
    const truth = model.truth[n / out.c | 0];
    return truth < out.c ? (value - (truth === n % out.c)) / counted : 0;
  };
  return {...out, d: softmax(out).d.map(off)};
}

// This number a little larger, and everything after it computed again: (after - before) / step. If a ReLU or a max-pool
// changes its mind on the way, a smaller step is tried.
function slopeByComputing({model, params, arrays, edits, aim, name, i, j, k}, gradient) {
  const before = askedValue(model, arrays.out, aim), n = (i * arrays[name].w + j) * arrays[name].c + k;
  for (let step = .01 * Math.max(1, Math.abs(arrays[name].d[n])); ; step /= 10) {
    const again = {...arrays, [name]: {...arrays[name], d: arrays[name].d.slice()}};
    again[name].d[n] += step;
    for (const _ of forward(model.steps, params, again, edits, name === "x" ? 0 : model.order[name] + 1));
    const after = askedValue(model, again.out, aim), slope = (after - before) / step;
    const agrees = Math.abs(slope - gradient) <= .01 * Math.abs(gradient) + 1e-6 * Math.abs(before) / step;
    if (agrees || step < 1e-3) return {before, after, step, slope, agrees};
  }
}

function gradientSum(asked, gradient) {
  const {aim} = asked;
  const what = aim.loss ? "the loss" : `the score of ${asked.model.classes[aim.k]} at row ${aim.i}, column ${aim.j}`;
  const text = element("div", {className: "formula", textContent: "not computed yet", aria: {live: "polite"}});
  const check = () => {
    const {before, after, step, slope, agrees} = slopeByComputing(asked, gradient);
    text.textContent = `(${textOf(after)} ${MINUS} ${textOf(before)}) / ${textOf(step)} = ${textOf(slope)}; the gradient says ${textOf(gradient)}.`
      + (agrees ? "" : " They differ, as a ReLU or a max-pool on the way changes its mind within this step.");
  };
  const effect = `if this number were 0.01 larger, that would ${gradient < 0 ? "lower" : "raise"} it by about ${textOf(Math.abs(gradient) / 100)}`;
  return [
    sentence(`Gradient of ${what}.`, gradient ? `Here it is ${textOf(gradient)}: ${effect}.` : "Here it is 0: nothing would change with this number."),
    element("p", {}, element("button", {type: "button", onclick: check, textContent: "Check it: make this number larger and compute again"})), text,
  ];
}
