// How numbers become colours, and arrays become pictures.
const SEQUENTIAL = [[0, 32, 77], [57, 72, 107], [112, 113, 115], [166, 157, 117], [228, 207, 91], [255, 234, 70]];
const SIGNED = [[0, 90, 160], [120, 180, 222], [255, 255, 255], [244, 165, 110], [200, 80, 0]];
const tableOf = stops => Uint8ClampedArray.from({length: 3 * 256}, (_, n) => {  // 256 colours, from first to last
  const place = (n / 3 | 0) / 255 * (stops.length - 1), below = Math.min(stops.length - 2, place | 0);
  return stops[below][n % 3] + (place - below) * (stops[below + 1][n % 3] - stops[below][n % 3]);
});
const TABLES = {sequential: tableOf(SEQUENTIAL), signed: tableOf(SIGNED)};

// One scale for all maps of an array, or for map k alone: {largest, signed}; the middle of the signed colours is 0.
function scaleOf(array, k = null) {
  let largest = 0, signed = false;
  for (let n = k ?? 0; n < array.d.length; n += k === null ? 1 : array.c) {
    largest = Math.max(largest, Math.abs(array.d[n]));
    signed ||= array.d[n] < 0;
  }
  return {largest, signed};
}
const emptyMaps = array => Array.from({length: array.c}, (_, k) => k).filter(k => scaleOf(array, k).largest === 0);

// A canvas of so many CSS pixels, sharp on every screen, and the pen for it.
function sized(canvas, width, height) {
  const dense = Math.max(1, Math.round(devicePixelRatio));
  Object.assign(canvas, {width: Math.max(1, width * dense), height: Math.max(1, height * dense)});
  Object.assign(canvas.style, {width: `${width}px`, height: `${height}px`});
  const pen = canvas.getContext("2d");
  pen.scale(dense, dense);
  pen.imageSmoothingEnabled = false;
  return pen;
}
function canvasOf(w, h, coloured) {  // coloured(n, to) writes red, green, blue and opacity of pixel n
  const canvas = Object.assign(document.createElement("canvas"), {width: w, height: h}), pen = canvas.getContext("2d");
  const image = pen.createImageData(w, h);
  for (let n = 0; n < w * h; n++) coloured(n, image.data.subarray(4 * n, 4 * n + 4));
  pen.putImageData(image, 0, 0);
  return canvas;
}

// Map k of an array, the part in the box, a pixel a number. If that is to be smaller than `side`, each square is the
// number in it that is farthest from 0: most numbers after a ReLU are 0, and a mean would be as dark as they are.
function mapCanvas(array, k, {largest, signed}, box = wholeOf(array), side = Infinity) {
  const table = TABLES[signed ? "signed" : "sequential"];
  const step = Math.max(1, Math.ceil(Math.max(heightOf(box), widthOf(box)) / side));
  const w = Math.ceil(widthOf(box) / step), h = Math.ceil(heightOf(box) / step);
  return canvasOf(w, h, (n, to) => {
    const top = box.top + (n / w | 0) * step, left = box.left + n % w * step;
    let value = 0;
    for (let i = top; i < Math.min(top + step, box.bottom + 1); i++) {
      for (let j = left; j < Math.min(left + step, box.right + 1); j++) {
        if (Math.abs(valueAt(array, i, j, k)) > Math.abs(value)) value = valueAt(array, i, j, k);
      }
    }
    const part = largest ? value / largest : 0, place = 3 * Math.round(255 * (signed ? (part + 1) / 2 : part));
    to.set([table[place], table[place + 1], table[place + 2], 255]);
  });
}

// A canvas into a square of the pen's, as large as it fits.
function place(pen, canvas, x, y, side) {
  const zoom = side / Math.max(canvas.width, canvas.height), w = canvas.width * zoom, h = canvas.height * zoom;
  pen.drawImage(canvas, x + (side - w) / 2, y + (side - h) / 2, w, h);
}
function hatch(pen, x, y, w, h, colour, rising = true) {
  const square = new Path2D(), lines = new Path2D(), [from, to] = rising ? [y + h, y] : [y, y + h];
  square.rect(x, y, w, h);
  for (let at = -h; at < w; at += 6) lines.moveTo(x + at, from), lines.lineTo(x + at + h, to);
  pen.save();
  pen.clip(square);
  pen.strokeStyle = colour;
  pen.stroke(lines);
  pen.restore();
}
function frame(pen, x, y, w, h) {  // yellow and black, so that it can be seen on every colour
  for (const [lineWidth, strokeStyle] of [[4, "#000"], [2, "#ffe600"]]) {
    Object.assign(pen, {lineWidth, strokeStyle});
    pen.strokeRect(x, y, w, h);
  }
}

// The maps of an array in rows of `across`, `cell` pixels each: those that are 0 everywhere hatched, those that the
// reader has made 0 crossed out, one framed.
function drawMaps(pen, array, scale, across, cell, {box, zeroed, chosen} = {}) {
  const side = Math.max(1, cell > 6 ? cell - 2 : cell), empty = cell > 12 ? emptyMaps(array) : [];
  for (let k = 0; k < array.c; k++) {
    const x = k % across * cell + 1, y = (k / across | 0) * cell + 1;
    place(pen, mapCanvas(array, k, scale, box, Math.ceil(side)), x, y, side);
    if (empty.includes(k)) hatch(pen, x, y, side, side, "rgb(112 130 160)");
    if (zeroed?.has(k)) for (const rising of [true, false]) hatch(pen, x, y, side, side, "#d55e00", rising);
    if (k === chosen) frame(pen, x + 1, y + 1, side - 2, side - 2);
  }
}
const pictureCanvas = () =>
  canvasOf(model.shape[1], model.shape[0], (n, to) => to.set([...model.picture.subarray(3 * n, 3 * n + 3), 255]));
function largestClass(scores, i, j) {
  const here = Array.from({length: scores.c}, (_, k) => valueAt(scores, i, j, k));
  return here.indexOf(Math.max(...here));
}
const answerOf = scores =>
  Uint8Array.from({length: scores.h * scores.w}, (_, n) => largestClass(scores, n / scores.w | 0, n % scores.w));

// Where in the picture the output lies: without padding, it is the middle.
const marginOf = out => ({top: (model.shape[0] - out.h) >> 1, left: (model.shape[1] - out.w) >> 1});

// The picture tinted by class, with lines that tell classes apart without colours; white where the class is not what it
// was before the reader changed something; a frame around the pixel that is asked about.
function drawAnswer(pen, zoom, aim) {
  const {answer, untouched, arrays: {out}} = state, [h, w] = model.shape, {top, left} = marginOf(out);
  const wide = Math.ceil(out.w * zoom), high = Math.ceil(out.h * zoom);
  pen.drawImage(pictureCanvas(), 0, 0, w * zoom, h * zoom);
  pen.drawImage(canvasOf(wide, high, (n, to) => {
    const u = n % wide, v = n / wide | 0, pixel = (v / zoom | 0) * out.w + (u / zoom | 0), k = answer[pixel];
    const line = k & 1 && (u + v) % 6 === 0 || k & 2 && (u - v + 6 * high) % 6 === 0;
    to.set(untouched[pixel] !== k ? [255, 255, 255, 255] : line ? [0, 0, 0, 170] : [...model.colours[k], 128]);
  }), left * zoom, top * zoom);
  if (aim) frame(pen, (aim.j + left) * zoom - 4, (aim.i + top) * zoom - 4, 8 + zoom, 8 + zoom);
}

// Over a picture that is drawn `zoom` times as large: dark where nothing counts, clear where most does, pale outside.
function drawCounting(pen, zoom, counting, {top, bottom, left, right}) {
  const {h, w, d} = counting, {largest} = scaleOf(counting);
  pen.drawImage(canvasOf(w, h, (n, to) => {
    const i = n / w | 0, j = n % w, inside = i >= top && i <= bottom && j >= left && j <= right;
    to.set(inside ? [0, 0, 0, 205 * (1 - Math.sqrt(d[n] / (largest || 1)))] : [255, 255, 255, 120]);
  }), 0, 0, w * zoom, h * zoom);
}
