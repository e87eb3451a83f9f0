"use strict";
// The U-Net forward and backward, with the six kinds of layers of minunet.layers, to which it is held number by number.
// An array is {h, w, c, d}: height, width, channels, and the numbers, row by row, the channels of a pixel side by side.

const newArray = (h, w, c) => ({h, w, c, d: new Float64Array(h * w * c)});
const like = array => newArray(array.h, array.w, array.c);
const valueAt = (array, i, j, k) => array.d[(i * array.w + j) * array.c + k];
function everyPixel(array, does) {  // does(i, j, where its first channel stands)
  for (let i = 0, n = 0; i < array.h; i++) for (let j = 0; j < array.w; j++, n += array.c) does(i, j, n);
}

// ---- Convolution ----------------------------------------------------------------------------------------------------

// A kernel (kh, kw, c, k) as `convolve` reads it: of four output channels the numbers side by side.
function packed(kh, kw, c, k, numberAt) {
  const row = kw * c, d = new Float64Array(Math.ceil(k / 4) * kh * row * 4);
  for (let o = 0; o < k; o++) {
    for (let a = 0; a < kh; a++) for (let b = 0; b < kw; b++) for (let m = 0; m < c; m++) {
      d[(((o >> 2) * kh + a) * row + b * c + m) * 4 + (o & 3)] = numberAt(a, b, m, o);
    }
  }
  return {kh, kw, c, k, d};
}

// Each number of y is a window of x times a kernel, summed, plus the bias: two pixels and four channels at a time, so that
// each number that is fetched is used several times. `padding`: how many zeros are put around x.
function convolve(x, {kh, kw, c, k, d: weight}, bias, padding) {
  const h = x.h + 2 * padding, w = x.w + 2 * padding, row = kw * c, from = new Float64Array(h * w * c + c);
  everyPixel(x, (i, j, n) => from.set(x.d.subarray(n, n + c), ((i + padding) * w + j + padding) * c));
  const wide = newArray(h - kh + 1, w - kw + 2 & -2, k + 3 & -4), to = wide.d;  // pairs of pixels, channels by four
  for (let o = 0; o < k; o += 4) for (let i = 0; i < wide.h; i++) for (let j = 0; j < wide.w; j += 2) {
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0, t3 = 0;
    for (let a = 0; a < kh; a++) {
      let at = ((i + a) * w + j) * c, v = ((o >> 2) * kh + a) * row * 4;
      for (const end = at + row; at < end; at++, v += 4) {
        const here = from[at], next = from[at + c];
        const w0 = weight[v], w1 = weight[v + 1], w2 = weight[v + 2], w3 = weight[v + 3];
        s0 += here * w0; s1 += here * w1; s2 += here * w2; s3 += here * w3;
        t0 += next * w0; t1 += next * w1; t2 += next * w2; t3 += next * w3;
      }
    }
    const at = (i * wide.w + j) * wide.c + o, beside = at + wide.c;
    to[at] = s0; to[at + 1] = s1; to[at + 2] = s2; to[at + 3] = s3;
    to[beside] = t0; to[beside + 1] = t1; to[beside + 2] = t2; to[beside + 3] = t3;
  }
  const y = newArray(wide.h, w - kw + 1, k);
  everyPixel(y, (i, j, n) => {
    const place = (i * wide.w + j) * wide.c;
    for (let o = 0; o < k; o++) y.d[n + o] = to[place + o] + (bias ? bias[o] : 0);
  });
  return y;
}

// The weights of a step, (kh, kw, c, k), as `convolve` reads them; `back`: turned by 180 degrees and with the channels
// exchanged, for the gradient.
function kernelOf(params, step, back) {
  const kept = `${step.name} ${back}`;
  if (!params.kernels.has(kept)) {
    const {shape: [kh, kw, c, k], d} = params.get(`${step.name}.weight`), at = (a, b, m, o) => d[((a * kw + b) * c + m) * k + o];
    const turned = (a, b, o, m) => at(kh - 1 - a, kw - 1 - b, m, o);
    params.kernels.set(kept, back ? packed(kh, kw, k, c, turned) : packed(kh, kw, c, k, at));
  }
  return params.kernels.get(kept);
}

// ---- Max-pool, transposed convolution, group norm: what their two directions share ----------------------------------

function winner(x, i, j, k) {  // where the largest of a window of 2x2 stands in x.d: the first of those that are equal
  let best = (2 * i * x.w + 2 * j) * x.c + k;
  for (const n of [best + x.c, best + x.w * x.c, best + (x.w + 1) * x.c]) if (x.d[n] > x.d[best]) best = n;
  return best;
}

// Pixel (i, j) of a transposed convolution is a part of the stamp of the pixel at (i >> 1, j >> 1) of x, whose numbers begin
// at the first place that is handed on; the part's weights (c, k) begin at the second.
function everyStamp(x, c, k, does) {
  for (let i = 0; i < 2 * x.h; i++) for (let j = 0; j < 2 * x.w; j++) {
    does(((i >> 1) * x.w + (j >> 1)) * c, ((i & 1) * 2 + (j & 1)) * c * k, (i * 2 * x.w + j) * k);
  }
}

function eachOfGroup(x, group, width, does) {
  for (let n = 0; n < x.d.length; n += x.c) for (let k = group * width; k < (group + 1) * width; k++) does(n + k, k);
}

function normalised(step, x) {  // xhat with mean 0 and deviation 1 in each group, and 1 / deviation of each
  const width = x.c / step.options.groups, count = x.h * x.w * width, xhat = new Float64Array(x.d.length);
  const means = [], inverse = [];
  for (let group = 0; group < step.options.groups; group++) {
    let sum = 0, squares = 0;
    eachOfGroup(x, group, width, n => { sum += x.d[n]; });
    const mean = sum / count;
    eachOfGroup(x, group, width, n => { squares += (x.d[n] - mean) ** 2; });
    means.push(mean);
    inverse.push(1 / Math.sqrt(squares / count + 1e-5));
    eachOfGroup(x, group, width, n => { xhat[n] = (x.d[n] - mean) * inverse[group]; });
  }
  return {xhat, inverse, means, width, count};
}

const cropOf = (skip, x) => ({top: (skip.h - x.h) >> 1, left: (skip.w - x.w) >> 1});  // where the middle begins, as large as x

// ---- The layers: forward(step, inputs, params, off) is y, backward(step, dy, inputs, params, off) a gradient an input --

const layers = {
  conv2d: {
    forward: (step, [x], params) =>
      convolve(x, kernelOf(params, step, false), params.get(`${step.name}.bias`).d, step.options.padding),
    backward: (step, dy, inputs, params) => {
      const kernel = kernelOf(params, step, true);
      return [convolve(dy, kernel, null, kernel.kh - 1 - step.options.padding)];
    },
  },
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
  conv_transpose2d: {
    forward: (step, [x], params) => {
      const {shape: [, , c, k], d: weight} = params.get(`${step.name}.weight`), bias = params.get(`${step.name}.bias`).d;
      const y = newArray(2 * x.h, 2 * x.w, k), sums = new Float64Array(k);
      everyStamp(x, c, k, (from, part, to) => {
        sums.set(bias);
        for (let m = 0; m < c; m++) for (let o = 0; o < k; o++) sums[o] += x.d[from + m] * weight[part + m * k + o];
        y.d.set(sums, to);
      });
      return y;
    },
    backward: (step, dy, [x], params) => {
      const {shape: [, , c, k], d: weight} = params.get(`${step.name}.weight`), dx = like(x);
      everyStamp(x, c, k, (from, part, to) => {
        for (let m = 0; m < c; m++) for (let o = 0; o < k; o++) dx.d[from + m] += dy.d[to + o] * weight[part + m * k + o];
      });
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
      const weight = params.get(`${step.name}.weight`).d, bias = params.get(`${step.name}.bias`).d;
      const {xhat} = normalised(step, x);
      return {...x, d: x.d.map((_, n) => xhat[n] * weight[n % x.c] + bias[n % x.c])};
    },
    backward: (step, dy, [x], params) => {
      const weight = params.get(`${step.name}.weight`).d, {xhat, inverse, width, count} = normalised(step, x), dx = like(x);
      for (let group = 0; group < step.options.groups; group++) {
        let sum = 0, along = 0;
        eachOfGroup(x, group, width, (n, k) => { sum += dy.d[n] * weight[k]; along += dy.d[n] * weight[k] * xhat[n]; });
        eachOfGroup(x, group, width, (n, k) => {
          dx.d[n] = (dy.d[n] * weight[k] - sum / count - xhat[n] * along / count) * inverse[group];
        });
      }
      return [dx];
    },
  },
};

// ---- The network: both ways one step at a time, so that whoever calls can pause in between ---------------------------

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
    const powers = Array.from(scores, score => Math.exp(score - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, k) => { y.d[n + k] = power / sum; });
  });
  return y;
}
