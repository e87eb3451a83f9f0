// The whole page drawn, and what the reader does with it.

const cards = buildCards(at("stage"), chooseCard), switches = buildSwitches(at("stage"), toggleSkip);
let places;

function layOut() {
  const stage = at("stage"), width = Math.min(stage.parentElement.clientWidth - 32, innerWidth < 1200 ? 760 : 1100);
  places = placesOf(model, width, innerHeight - at("both").offsetTop - 120);
  stage.style.cssText = `width: ${width}px; height: ${places.height}px`;
  for (const [name, {x, y, side}] of Object.entries(places.cards)) {
    cards[name].button.style.cssText = `left: ${x}px; top: ${y - CAPTION}px; width: ${side}px; height: ${CAPTION + side}px`;
  }
  for (const {step, button, from} of switches) {
    const {x, y, side} = places.cards[from];
    button.style.cssText = `left: ${width / 2}px; top: ${y + side / 2}px`;
    button.dataset.word = places.cards[step.block].x - x - side < 110 ? "" : "skip ";
  }
}

function paintCard(name) {
  const {canvas, size, button} = cards[name], {side} = places.cards[name], [h, w] = model.shape, zoom = side / Math.max(h, w);
  if (name === "answer") {
    if (state.answer) paintAnswer(sized(canvas, w * zoom, h * zoom), zoom);
    size.textContent = "over the picture";
  } else if (name === "x" && !state.backward) {
    sized(canvas, w * zoom, h * zoom).drawImage(pictureCanvas(model), 0, 0, w * zoom, h * zoom);
    size.textContent = `${h} ${TIMES} ${w}`;
  } else {
    const {backward, aim} = state, last = lastOf(model, name), array = name === "out" && !backward ? state.probabilities : shown(last);
    if (!array) return;
    const box = backward && !aim.loss ? seenFrom(model, "out", aim.i, aim.j)[last] : wholeOf(array);
    const across = Math.ceil(Math.sqrt(array.c)), {largest, signed} = scaleOf(array), empty = emptyMaps(array).length;
    drawMaps(sized(canvas, side, side), array, {largest, signed: signed || backward}, across, side / across, {box});
    size.textContent = `${array.c} of ${heightOf(box)} ${TIMES} ${widthOf(box)}`;
    button.title = empty && !backward ? `${empty} of ${array.c} maps are 0 everywhere` : "";
  }
}

function paintAnswer(pen, zoom) {
  const {out} = state.arrays, {aim} = state, {top, left} = marginOf(model, out);
  drawAnswer(pen, zoom, model, out, state.answer, state.untouched ?? state.answer);
  if (state.backward && !aim.loss) frame(pen, (aim.j + left) * zoom - 4, (aim.i + top) * zoom - 4, 8 + zoom, 8 + zoom);
}

function render() {
  Object.keys(cards).forEach(paintCard);
  drawArrows(at("arrows"), places, state.flows, state.edits.off);
  for (const {step, button, share} of switches) {
    const off = state.edits.off.has(step.name);
    button.firstChild.textContent = button.dataset.word + (off ? "off" : "on");
    button.setAttribute("aria-checked", !off);
    share.textContent = state.flows ? `${Math.round(100 * shareOf(state.flows, step))} %` : "";
  }
  const other = total(Array.from(state.answer, (k, n) => k !== state.untouched[n])) / state.answer.length;
  at("changes").hidden = !state.edits.off.size && [...state.edits.zeroed.values()].every(maps => !maps.size);
  at("changed").textContent = `${(100 * other).toFixed(1)} % of the pixels have another class now (white)`;
  document.body.dataset.mode = state.backward ? "backward" : "forward";
  for (const mode of ["forward", "backward"]) at(mode).setAttribute("aria-checked", mode === document.body.dataset.mode);
  at("asked").hidden = !state.backward || !model.truth;
  look();
}

// ---- What the reader does ---------------------------------------------------------------------------------------------

// To a step, a map, a pixel; without them to the same place as before, or, in Backward, to the strongest gradient.
function go(name, k, i, j, remember = true) {
  const from = shown(state.view.name), to = shown(name);
  if (!from || !to) return;
  const beside = (place, here, there) => Math.floor((place + .5) * there / here);
  const best = state.backward ? strongest(to.d) : -1, row = best / to.c / to.w | 0, column = (best / to.c | 0) % to.w;
  const place = best >= 0 ? {k: best % to.c, i: row, j: column}
    : {k: Math.min(state.view.k, to.c - 1), i: beside(state.view.i, from.h, to.h), j: beside(state.view.j, from.w, to.w)};
  state.view = {name, ...(i === undefined ? place : {i, j}), k: k ?? place.k, input: null};
  if (remember && location.hash !== address()) history.pushState(null, "", address());
  look();
}

function readAddress() {
  const [name, ...numbers] = decodeURIComponent(location.hash.slice(1)).split(","), [k, i, j] = numbers.map(Number);
  const inside = [i, j, k].every((n, axis) => Number.isInteger(n) && n >= 0 && n < model.shapes[name]?.[axis]);
  if (inside) go(name, k, i, j, false);
}

const clamp = (value, length) => Math.max(0, Math.min(length - 1, Math.floor(value)));
function part(event) {  // where a canvas was clicked, in parts of its height and width
  const canvas = event.target.closest("canvas") ?? event.target.querySelector("canvas"), box = canvas.getBoundingClientRect();
  return [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
}

// A pixel of the picture: the score of its class, or, in Backward, the gradient of that.
function askAbout([down, across]) {
  const {out} = state.arrays, {top, left} = marginOf(model, out), [h, w] = model.shape;
  const i = clamp(down * h - top, out.h), j = clamp(across * w - left, out.w), k = largestClass(out, i, j);
  Object.assign(state.aim, {i, j, k});
  if (state.backward) compute().then(() => go(state.view.name));
  else go("out", k, i, j);
}

function chooseCard(name, event) {
  const {k, i, j} = state.aim ?? {};
  if (name !== "answer") go(lastOf(model, name));
  else if (event.detail) askAbout(part(event));
  else go("out", k, i, j);  // by the keyboard
}

async function setMode(backward) {
  const {name, i, j, k} = state.view;
  if (backward && !state.backward && name === "out") Object.assign(state.aim, {i, j, k});
  state.backward = backward;
  await compute();
  if (backward) go(state.view.name);
}

function toggleSkip(name) {
  if (!state.edits.off.delete(name)) state.edits.off.add(name);
  compute(model.order[name]);
}

function toggleMap() {
  const {name, k} = state.view, maps = state.edits.zeroed.get(name) ?? new Set();
  if (!maps.delete(k)) maps.add(k);
  state.edits.zeroed.set(name, maps);
  compute(model.order[name]);
}

function byKey(event, keys) {
  if (!state.answer || !keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  keys[event.key]();
}
function moved(di, dj) {
  const {name, k, i, j} = state.view, {h, w} = state.arrays[name];
  go(name, k, clamp(i + di, h), clamp(j + dj, w), false);
}
function mapAfter(by) {
  const {name, k, i, j} = state.view;
  go(name, clamp(k + by, state.arrays[name].c), i, j, false);
}
function stepAfter(by) {
  const names = Object.keys(model.shapes);
  go(names[clamp(names.indexOf(state.view.name) + by, names.length)]);
}

at("forward").onclick = () => setMode(false);
at("backward").onclick = () => setMode(true);
at("undo").onclick = () => { state.edits = noEdits(); compute(0); };
at("zero").onclick = toggleMap;
at("own").onchange = event => { state.ownScale = event.target.checked; look(); };
at("loss").onchange = event => { state.aim.loss = event.target.checked; compute(); };
at("seen").onclick = event => askAbout(part(event));
at("map").onclick = event => {
  const [down, across] = part(event), {name, k} = state.view, {h, w} = state.arrays[name];
  go(name, k, clamp(down * h, h), clamp(across * w, w));
};
at("maps").onclick = event => {
  const k = Math.floor(event.offsetY / THUMB) * state.across + Math.floor(event.offsetX / THUMB), {name, i, j} = state.view;
  if (k < state.arrays[name].c) go(name, k, i, j);
};
const strongestInput = () => at("sum").querySelector(".link")?.click();
at("map").onkeydown = event => byKey(event, {
  ArrowUp: () => moved(-1, 0), ArrowDown: () => moved(1, 0), ArrowLeft: () => moved(0, -1), ArrowRight: () => moved(0, 1),
  Enter: strongestInput,
});
at("maps").onkeydown = event => byKey(event, {
  ArrowLeft: () => mapAfter(-1), ArrowRight: () => mapAfter(1), ArrowUp: () => mapAfter(-state.across),
  ArrowDown: () => mapAfter(state.across), Home: () => mapAfter(-Infinity), End: () => mapAfter(Infinity), Enter: strongestInput,
});
document.onkeydown = event => byKey(event, {
  f: () => setMode(false), b: () => setMode(true), "[": () => stepAfter(-1), "]": () => stepAfter(1), Escape: () => history.back(),
});
onpopstate = readAddress;
onresize = () => { layOut(); if (state.answer) render(); };
onerror = message => tell(`${message}, at ${state.view.name}`, true);

at("about").textContent = model.about.join("; ");
at("classes").append(...model.classes.map((name, k) => {
  const patch = element("canvas"), pen = sized(patch, 16, 16);
  pen.fillStyle = `rgb(${model.colours[k]})`;
  pen.fillRect(0, 0, 16, 16);
  hatchClass(pen, k, 16, 16);
  return element("li", {}, patch, name);
}));
for (const [id, stops] of Object.entries({SEQUENTIAL, SIGNED})) {
  at(id).style.background = `linear-gradient(to right, ${stops.map(stop => `rgb(${stop})`)})`;
}
layOut();
paintCard("x");
compute(0).then(readAddress);
