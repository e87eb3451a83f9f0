"use strict";
// The U-Net forward and backward, with the six kinds of layers of minunet.layers, to which it is held number by number.
// An array is {h, w, c, d}: height, width, channels, and the numbers, row by row, the channels of a pixel side by side.
const newArray = (h, w, c) => ({h, w, c, d: new Float64Array(h * w * c)});
const like = array => newArray(array.h, array.w, array.c);
const indexOf = (array, i, j, k) => (i * array.w + j) * array.c + k;
const valueAt = (array, i, j, k) => array.d[indexOf(array, i, j, k)];
const placeOf = (array, n) => ({k: n % array.c, j: (n / array.c | 0) % array.w, i: n / array.c / array.w | 0});
function everyPixel(array, does) {  // does(i, j, where its first channel stands)
  for (let i = 0, n = 0; i < array.h; i++) for (let j = 0; j < array.w; j++, n += array.c) does(i, j, n);
}

// Every product of a convolution: does(where the c numbers of a pixel of x begin, where the c x k weights for it begin,
// where the k numbers of a pixel of y begin); what lies outside of x is 0 and left out.
function everyWindow(x, y, [kh, kw, c, k], {padding = 0, stride = 1}, does) {
  everyPixel(y, (i, j, to) => {
    const top = i * stride - padding, left = j * stride - padding;
    for (let a = Math.max(0, -top); a < Math.min(kh, x.h - top); a++) {
      for (let b = Math.max(0, -left); b < Math.min(kw, x.w - left); b++) {
        does(((top + a) * x.w + left + b) * x.c, (a * kw + b) * c * k, to);
      }
    }
  });
}

// The same of a transposed convolution: each pixel of x puts down a stamp where a convolution of y would see a window.
const everyStamp = (x, y, shape, {padding, stride = 2}, does) =>
  everyWindow(y, x, shape, {padding, stride}, (to, part, from) => does(from, part, to));

// Forward: y += x weight. Numbers that are 0, as most after a ReLU, cost nothing; the others are taken by fours.
const factors = new Float64Array(1 << 16), starts = new Int32Array(1 << 16);
function multiply(x, from, w, part, y, to, c, k) {
  let n = 0;
  for (let m = 0; m < c; m++) if (x[from + m] !== 0) factors[n] = x[from + m], starts[n++] = part + m * k;
  factors.fill(0, n, n + 3), starts.fill(part, n, n + 3);  // so that there are four even at the end
  for (let s = 0; s < n; s += 4) {
    const [a0, a1, a2, a3] = [factors[s], factors[s + 1], factors[s + 2], factors[s + 3]];
    const [w0, w1, w2, w3] = [starts[s], starts[s + 1], starts[s + 2], starts[s + 3]];
    for (let o = 0; o < k; o++) y[to + o] += a0 * w[w0 + o] + a1 * w[w1 + o] + a2 * w[w2 + o] + a3 * w[w3 + o];
  }
}

// Backward: dx += dy weight^T. Most of the picture is not what one pixel sees, and costs nothing.
function multiplyBack(dx, from, weight, part, dy, to, c, k) {
  let some = false;
  for (let o = 0; o < k; o++) some ||= dy[to + o] !== 0;
  for (let m = 0; m < c && some; m++) {
    let sum = 0;
    for (let o = 0, row = part + m * k; o < k; o++) sum += dy[to + o] * weight[row + o];
    dx[from + m] += sum;
  }
}
const productsOf = every => ({
  forward: (step, [x], params) => {
    const {shape, d} = params.get(`${step.name}.weight`), [, , c, k] = shape, y = newArray(...step.shape);
    everyPixel(y, (i, j, n) => y.d.set(params.get(`${step.name}.bias`).d, n));
    every(x, y, shape, step.options, (from, part, to) => multiply(x.d, from, d, part, y.d, to, c, k));
    return y;
  },
  backward: (step, dy, [x], params) => {
    const {shape, d} = params.get(`${step.name}.weight`), [, , c, k] = shape, dx = like(x);
    every(x, dy, shape, step.options, (from, part, to) => multiplyBack(dx.d, from, d, part, dy.d, to, c, k));
    return [dx];
  },
});
function winner(x, i, j, k) {  // where the largest of a window of 2x2 stands in x.d: the first of those that are equal
  let best = (2 * i * x.w + 2 * j) * x.c + k;
  for (const n of [best + x.c, best + x.w * x.c, best + (x.w + 1) * x.c]) if (x.d[n] > x.d[best]) best = n;
  return best;
}
function statistics(step, x) {  // of each group: its mean, and 1 / its deviation; and of which group each map is
  const {groups} = step.options, {c, d} = x, width = c / groups, count = x.h * x.w * width, size = d.length;
  const sums = new Float64Array(groups), squares = new Float64Array(groups);
  const of = Array.from({length: c}, (_, k) => k / width | 0);
  for (let n = 0; n < size; n += c) for (let k = 0; k < c; k++) sums[of[k]] += d[n + k];
  const means = sums.map(sum => sum / count);
  for (let n = 0; n < size; n += c) for (let k = 0; k < c; k++) squares[of[k]] += (d[n + k] - means[of[k]]) ** 2;
  return {of, means, inverse: squares.map(sum => 1 / Math.sqrt(sum / count + 1e-5)), width, count};
}

// Where the middle of the skip begins that is as large as x.
const cropOf = (skip, x) => ({top: (skip.h - x.h) >> 1, left: (skip.w - x.w) >> 1});

// Of each kind of layer: forward(step, inputs, params, off) is y, and backward(step, dy, inputs, params, off) the
// gradients of the inputs; `off`: whether the skip is switched off.
const layers = {
  conv2d: productsOf(everyWindow),
  conv_transpose2d: productsOf(everyStamp),
  relu: {
    forward: (step, [x]) => ({...x, d: x.d.map(value => value > 0 ? value : 0)}),
    backward: (step, dy, [x]) => [{...x, d: dy.d.map((value, n) => x.d[n] > 0 ? value : 0)}],
  },
  max_pool2d: {
    forward: (step, [x]) => {
      const y = newArray(x.h >> 1, x.w >> 1, x.c);
      everyPixel(y, (i, j, n) => { for (let k = 0; k < y.c; k++) y.d[n + k] = x.d[winner(x, i, j, k)]; });
      return y;
    },
    backward: (step, dy, [x]) => {
      const dx = like(x);
      everyPixel(dy, (i, j, n) => { for (let k = 0; k < dy.c; k++) dx.d[winner(x, i, j, k)] += dy.d[n + k]; });
      return [dx];
    },
  },
  crop_concat: {
    forward: (step, [skip, x], params, off) => {
      const y = newArray(x.h, x.w, skip.c + x.c), {top, left} = cropOf(skip, x);
      everyPixel(y, (i, j, n) => {
        const from = ((i + top) * skip.w + j + left) * skip.c, below = (i * x.w + j) * x.c;
        if (!off) y.d.set(skip.d.subarray(from, from + skip.c), n);
        y.d.set(x.d.subarray(below, below + x.c), n + skip.c);
      });
      return y;
    },
    backward: (step, dy, [skip, x], params, off) => {
      const dskip = like(skip), dx = like(x), {top, left} = cropOf(skip, x);
      everyPixel(dy, (i, j, n) => {
        if (!off) dskip.d.set(dy.d.subarray(n, n + skip.c), ((i + top) * skip.w + j + left) * skip.c);
        dx.d.set(dy.d.subarray(n + skip.c, n + dy.c), (i * x.w + j) * x.c);
      });
      return [dskip, dx];
    },
  },
  group_norm: {
    forward: (step, [x], params) => {
      const weight = params.get(`${step.name}.weight`).d, bias = params.get(`${step.name}.bias`).d, {c, d} = x;
      const {of, means, inverse} = statistics(step, x), y = like(x), scale = weight.map((w, k) => w * inverse[of[k]]);
      const centre = bias.map((_, k) => means[of[k]]);
      for (let n = 0; n < d.length; n += c) for (let k = 0; k < c; k++) {
        y.d[n + k] = (d[n + k] - centre[k]) * scale[k] + bias[k];
      }
      return y;
    },
    backward: (step, dy, [x], params) => {
      const {of, means, inverse, count} = statistics(step, x), dx = like(x), {c, d} = x, sum = means.map(() => 0);
      const weight = params.get(`${step.name}.weight`).d, along = means.map(() => 0);
      const xhat = (n, k) => (d[n + k] - means[of[k]]) * inverse[of[k]];
      for (let n = 0; n < d.length; n += c) for (let k = 0; k < c; k++) {
        sum[of[k]] += dy.d[n + k] * weight[k] / count;
        along[of[k]] += dy.d[n + k] * weight[k] * xhat(n, k) / count;
      }
      for (let n = 0; n < d.length; n += c) for (let k = 0; k < c; k++) {
        dx.d[n + k] = (dy.d[n + k] * weight[k] - sum[of[k]] - xhat(n, k) * along[of[k]]) * inverse[of[k]];
      }
      return [dx];
    },
  },
};

// What the reader has changed: skips that are switched off, by the step that would take them, and maps that are 0.
const noEdits = () => ({off: new Set(), zeroed: new Map()});
function withoutMaps(array, maps) {
  if (!maps || !maps.size) return array;
  return {...array, d: array.d.map((value, n) => maps.has(n % array.c) ? 0 : value)};
}

// From step number `first` on: the arrays by the names of their steps, in `arrays`, which holds the picture as x.
function* forward(steps, params, arrays, edits = noEdits(), first = 0) {
  for (const step of steps.slice(first)) {
    const inputs = step.inputs.map(name => arrays[name]);
    const y = layers[step.kind].forward(step, inputs, params, edits.off.has(step.name));
    arrays[step.name] = withoutMaps(y, edits.zeroed.get(step.name));
    yield step;
  }
}

// From dy, the gradient of the result of step `last`: into `grads` those of all arrays before it, and into `flows` how
// much goes into each input of each step, the sum of absolute values.
function* backward(steps, params, arrays, last, dy, grads, flows = {}, edits = noEdits()) {
  grads[last] = dy;
  for (const step of steps.toReversed()) {
    if (!grads[step.name]) continue;
    const inputs = step.inputs.map(name => arrays[name]);
    const passed = withoutMaps(grads[step.name], edits.zeroed.get(step.name));
    const found = layers[step.kind].backward(step, passed, inputs, params, edits.off.has(step.name));
    step.inputs.forEach((name, n) => {
      flows[`${name}>${step.name}`] = found[n].d.reduce((sum, value) => sum + Math.abs(value), 0);
      if (grads[name]) grads[name].d.forEach((value, m) => { grads[name].d[m] = value + found[n].d[m]; });  // two ways
      else grads[name] = found[n];
    });
    yield step;
  }
}
function softmax(logits) {
  const y = like(logits);
  everyPixel(y, (i, j, n) => {
    const scores = logits.d.subarray(n, n + y.c), largest = Math.max(...scores);
    const powers = scores.map(score => Math.exp(score - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    y.d.set(powers.map(each => each / sum), n);
  });
  return y;
}
