// What the page was written with: the network, its weights, the picture, and some numbers to compare.

function bytesOf(text) {
  return Uint8Array.from(atob(text), sign => sign.charCodeAt(0)).buffer;
}

// The weights by name, {shape, d}; those of 8 bits times the scale of their output channel.
function unpacked(table, floatsText, bytesText) {
  const floats = new Float32Array(bytesOf(floatsText)), bytes = new Int8Array(bytesOf(bytesText)), params = new Map();
  for (const [name, shape, kind, first, scale] of table) {
    const count = shape.reduce((a, b) => a * b, 1), k = shape[shape.length - 1];
    const d = kind === "float32" ? floats.slice(first, first + count)
      : Float32Array.from(bytes.subarray(first, first + count), (value, n) => value * floats[scale + n % k]);
    params.set(name, {shape, d});
  }
  params.kernels = new Map();  // as convolutions read them, when they are first needed
  return params;
}

function readModel(data) {
  const [h, w, c] = data.shape, {steps} = data;
  return {
    ...data,
    params: unpacked(data.table, data.floats, data.bytes),
    x: {h, w, c, d: Float64Array.from(new Float32Array(bytesOf(data.x)))},
    picture: new Uint8ClampedArray(bytesOf(data.picture)),  // (h, w, 3), as people see it
    truth: data.truth && new Uint8Array(bytesOf(data.truth)),
    step: Object.fromEntries(steps.map(step => [step.name, step])),
    order: Object.fromEntries(steps.map((step, n) => [step.name, n])),
    shapes: Object.fromEntries([["x", data.shape], ...steps.map(step => [step.name, step.shape])]),
    last: steps[steps.length - 1],
    depth: Math.max(...steps.map(step => step.level)) + 1,
    blocks: [...new Set(steps.map(step => step.block))],
  };
}

// By how much the arrays differ from minunet's, in parts of the largest number of the step where it is most, and how
// many numbers were compared.
function comparison(model, arrays) {
  let worst = 0, count = 0, where = "";
  for (const [name, [largest, numbers]] of Object.entries(model.checks)) {
    for (const [n, value] of numbers) {
      const apart = Math.abs(arrays[name].d[n] - value) / (largest || 1);
      count++;
      if (!(apart <= worst)) [worst, where] = [apart, name];
    }
  }
  return {worst, count, where, equal: worst <= 1e-5};
}
