// Receptive fields: which numbers of earlier arrays a number can depend on, and how much it does.
const heightOf = box => box.bottom - box.top + 1, widthOf = box => box.right - box.left + 1;
const wholeOf = array => ({top: 0, bottom: array.h - 1, left: 0, right: array.w - 1});

// The box in an input that a box of the result is made of, as far as it lies inside of it, and what was known before.
function source(box, [times, over, before, after], [h, w], known) {
  const first = at => Math.floor(at * times / over) - before, last = at => Math.floor(at * times / over) + after;
  return {
    top: Math.max(0, Math.min(first(box.top), known?.top ?? h)),
    left: Math.max(0, Math.min(first(box.left), known?.left ?? w)),
    bottom: Math.min(h - 1, Math.max(last(box.bottom), known?.bottom ?? 0)),
    right: Math.min(w - 1, Math.max(last(box.right), known?.right ?? 0)),
  };
}

// Of every array that pixel (i, j) of the array `name` depends on, the box that its windows reach: {top, bottom, left,
// right}; of map k alone, if it is said, which in a concatenation comes from one of the two. By the means of group norm
// it depends on all numbers, a little.
function seenFrom(model, name, i, j, k) {
  const boxes = {[name]: {top: i, bottom: i, left: j, right: j}};
  for (const step of model.steps.toReversed()) step.inputs.forEach((input, n) => {
    const copied = step.name === name && step.kind === "crop_concat" && k !== undefined;
    const bySkip = copied && k < model.shapes[step.inputs[0]][2];  // else from below
    if (!boxes[step.name] || copied && bySkip !== (n === 0)) return;
    boxes[input] = source(boxes[step.name], step.windows[n], model.shapes[input], boxes[input]);
  });
  return boxes;
}

// What counts for one number: its gradient with respect to the picture, absolute, summed over channels, (h, w, 1). A
// ReLU that is 0 has no slope, so what goes into it is asked.
function* countingFor(model, params, arrays, edits, {name, i, j, k}) {
  const {kind, inputs} = model.step[name], asked = kind === "relu" ? inputs[0] : name;
  const dy = like(arrays[asked]), grads = {};
  dy.d[indexOf(dy, i, j, k)] = 1;
  yield* backward(model.steps, params, arrays, asked, dy, grads, {}, edits);
  const total = newArray(grads.x.h, grads.x.w, 1);
  grads.x.d.forEach((value, n) => { total.d[n / grads.x.c | 0] += Math.abs(value); });
  return total;
}
