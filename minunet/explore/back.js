// Backward: what is asked about, the gradient of it, and the check of one number by computing again.
// The question, {value, dy}: the score of a class at a pixel; or, if the truth is known, the loss, the mean of the
// cross-entropy over all pixels that are not ignored. dy is its gradient with respect to the scores.
function question(out, aim) {
  const dy = like(out);
  if (!aim.loss) {
    dy.d[indexOf(out, aim.i, aim.j, aim.k)] = 1;
    return {value: valueAt(out, aim.i, aim.j, aim.k), dy};
  }
  const likely = softmax(out), counted = [...model.truth.keys()].filter(n => model.truth[n] < out.c);
  let value = 0;
  for (const n of counted) {
    const first = n * out.c, right = first + model.truth[n];
    value -= Math.log(Math.max(likely.d[right], Number.MIN_VALUE)) / counted.length;
    for (let k = 0; k < out.c; k++) dy.d[first + k] = (likely.d[first + k] - (first + k === right)) / counted.length;
  }
  return {value, dy};
}

// This number a little larger, and everything after it computed again: (after - before) / step. If a ReLU or a max-pool
// changes its mind on the way, a smaller step is tried. Undefined if meanwhile something else is asked.
async function slopeByComputing({arrays, edits, aim, name, i, j, k, running}, gradient) {
  const before = question(arrays.out, aim).value, wanted = () => running === state.running;
  for (let digits = 4; ; digits++) {
    const step = 10 ** (2 - digits), again = {...arrays, [name]: {...arrays[name], d: arrays[name].d.slice()}};
    again[name].d[indexOf(again[name], i, j, k)] += step;
    const next = name === "x" ? 0 : model.order[name] + 1;
    if (!await unhurried(forward(model.steps, params, again, edits, next), wanted)) return undefined;
    const after = question(again.out, aim).value, slope = (after - before) / step;
    const agrees = Math.abs(slope - gradient) <= .01 * Math.abs(gradient);
    if (agrees || digits === 7) return {before, after, step, slope, agrees};
  }
}
const DIFFERENT = " They differ: on the way a ReLU or a max-pool changes its mind, or the digits are too few.";
function gradientSum(asked, gradient) {
  const {aim} = asked, value = textOf(question(asked.arrays.out, aim).value);
  const what = aim.loss ? "the loss" : `the score of ${model.classes[aim.k]} at row ${aim.i}, column ${aim.j}`;
  const text = element("div", {className: "formula", textContent: "not computed yet", aria: {live: "polite"}});
  const check = async () => {
    const found = await slopeByComputing(asked, gradient);
    if (!found) return;
    const {before, after, step, slope, agrees} = found;
    const shown = Math.min(15, Math.max(4, 3 - Math.floor(Math.log10(Math.abs(after - before) || 1))));
    const numbers = `(${textOf(after, shown)} ${MINUS} ${textOf(before, shown)}) / ${step} = ${textOf(slope)}`;
    text.textContent = `${numbers}; the gradient says ${textOf(gradient)}.${agrees ? "" : DIFFERENT}`;
  };
  const effect = `${gradient < 0 ? "lower" : "raise"} it by about ${textOf(Math.abs(gradient) / 100)}`;
  const here = gradient ? `if this number were 0.01 larger, that would ${effect}.` : "none comes back.";
  return [sentence(`Gradient of ${what}, which is ${value}.`, `Here it is ${textOf(gradient)}: ${here}`),
          element("p", {}, button("Check it: make this number larger and compute again", check)), text];
}
