// What the page was written with: the network, its weights, the picture, and some numbers to compare.
const bytesOf = text => (Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), c => c.charCodeAt(0))).buffer;

// get(name): weights, {shape, d}, unpacked when they are first needed; those of 8 bits times their channel's scale.
function unpacked(table, floatsText, bytesText) {
  const floats = new Float32Array(bytesOf(floatsText)), bytes = new Int8Array(bytesOf(bytesText)), kept = {};
  const unpack = ([, shape, kind, first, scale]) => {
    const count = shape.reduce((a, b) => a * b, 1), k = shape.at(-1);
    const source = kind === "float32" ? floats : bytes, d = new Float64Array(source.subarray(first, first + count));
    if (kind !== "float32") for (let n = 0; n < count; n++) d[n] = Math.fround(d[n] * floats[scale + n % k]);
    return {shape, d};
  };
  return {get: name => kept[name] ??= unpack(table.find(row => row[0] === name))};
}
function readModel(data) {
  const [h, w, c] = data.shape, {steps} = data;
  return {
    ...data,
    params: unpacked(data.table, data.floats, data.bytes),
    x: {h, w, c, d: new Float64Array(new Float32Array(bytesOf(data.x)))},
    picture: new Uint8ClampedArray(bytesOf(data.picture)),  // (h, w, 3), as people see it
    truth: data.truth && new Uint8Array(bytesOf(data.truth)),
    step: Object.fromEntries(steps.map(step => [step.name, step])),
    order: Object.fromEntries(steps.map((step, n) => [step.name, n])),
    shapes: Object.fromEntries([["x", data.shape], ...steps.map(step => [step.name, step.shape])]),
    last: steps[steps.length - 1],
  };
}

// How many numbers were compared with minunet's, the first that differs too much, {name, apart}, and by how much all
// differ at most; in parts of the largest number of the step.
function comparison(arrays) {
  const all = Object.entries(model.checks).flatMap(([name, [largest, numbers]]) =>
    numbers.map(([n, value]) => ({name, apart: Math.abs(arrays[name].d[n] - value) / (largest || 1)})));
  const most = Math.max(...all.map(each => each.apart));
  return {count: all.length, off: all.find(each => !(each.apart <= 1e-5)), most};
}
