// The whole page drawn, and what the reader does with it.
const cards = buildCards(at("stage"), chooseCard);
const switches = buildSwitches(at("stage"), name => toggle(state.edits.off, name, name));
let places;
function layOut() {
  const stage = at("stage"), width = Math.min(stage.parentElement.clientWidth - 32, innerWidth < 1200 ? 760 : 1100);
  state.width = innerWidth;
  places = placesOf(width, innerHeight - at("both").offsetTop - 120);
  stage.style.cssText = `width: ${width}px; height: ${places.height}px`;
  for (const [name, {x, y, side}] of Object.entries(places.cards)) {
    cards[name].button.style.cssText = `left: ${x}px; top: ${y - CAPTION}px; width: ${side}px`;
  }
  for (const {button, from} of switches) {
    const {y, side} = places.cards[from];
    button.style.cssText = `left: ${width / 2}px; top: ${y + side / 2}px`;
  }
}
function paintCard(name) {
  const {canvas, size} = cards[name], {side} = places.cards[name], {backward, aim} = state;
  const [h, w] = model.shape, zoom = side / Math.max(h, w);
  if (name === "answer") {
    if (!state.answer) return;
    drawAnswer(sized(canvas, w * zoom, h * zoom), zoom, backward && !aim.loss ? aim : null);
    size.textContent = "over the picture";
  } else if (name === "x" && !backward) {
    sized(canvas, w * zoom, h * zoom).drawImage(pictureCanvas(), 0, 0, w * zoom, h * zoom);
    size.textContent = `${h} ${TIMES} ${w}`;
  } else {
    const last = lastOf(name), array = name === "out" && !backward ? state.probabilities : shown(last);
    if (!array) return;
    const box = partOf(last), across = Math.ceil(Math.sqrt(array.c)), {largest, signed} = scaleOf(array);
    drawMaps(sized(canvas, side, side), array, {largest, signed: signed || backward}, across, side / across, {box});
    size.textContent = `${array.c} of ${heightOf(box)} ${TIMES} ${widthOf(box)}${backward && !aim.loss ? " seen" : ""}`;
  }
}
function* painting(painted) {  // those that are not yet
  for (const name of Object.keys(cards)) if (!painted.has(name) || name === "out") yield paintCard(name);
}
function render() {  // but for the cards
  drawArrows(at("arrows"), places, state.flows, state.edits.off);
  for (const {step, button, share} of switches) {
    const off = state.edits.off.has(step.name);
    button.firstChild.textContent = off ? "skip off" : "skip on";
    button.setAttribute("aria-checked", !off);
    share.textContent = state.flows ? `${Math.round(100 * shareOf(state.flows, step))} %` : "";
  }
  const other = total(Array.from(state.answer, (k, n) => k !== state.untouched[n])) / state.answer.length;
  const same = !state.edits.off.size && [...state.edits.zeroed.values()].every(maps => !maps.size);
  at("undo").hidden = at("undone").hidden = same;
  at("changed").textContent = same ? "" : `${(100 * other).toFixed(1)} % of the pixels have another class now (white)`;
  look();
}
function showMode() {
  const mode = document.body.dataset.mode = state.backward ? "backward" : "forward";
  for (const id of ["forward", "backward"]) at(id).setAttribute("aria-pressed", id === mode);
  document.body.dataset.loss = state.aim.loss;
  at("asked").hidden = !state.backward;
}

// To a step, a map, a pixel; without them the same place, or, in Backward, the strongest; a class there is asked about.
function go(name, k, i, j, remember = true) {
  const to = shown(name), {aim, backward, spot: [down, across]} = state;
  if (!to) return;
  const asks = backward && !aim.loss && name === "out" && (k ?? aim.k) !== aim.k;
  if (asks) aim.k = k;
  if (asks) return void toStrongest(name);
  const same = {k: Math.min(state.view.k, to.c - 1), i: Math.floor(down * to.h), j: Math.floor(across * to.w)};
  const place = backward ? placeOf(to, strongest(to.d)) : same;
  if (i >= 0) state.spot = [(i + .5) / to.h, (j + .5) / to.w];
  state.view = {name, ...(i === undefined ? place : {i, j}), k: k ?? place.k, input: null};
  if (location.hash !== address()) history[remember ? "pushState" : "replaceState"]({inside: remember}, "", address());
  look();
}
function readAddress() {
  const [name, ...numbers] = location.hash.slice(1).split(","), [k, i, j] = numbers.map(Number);
  const inside = [i, j, k].every((n, axis) => Number.isInteger(n) && n >= 0 && n < model.shapes[name]?.[axis]);
  if (inside) go(name, k, i, j, false);
}
const clamp = (value, length) => Math.max(0, Math.min(length - 1, Math.floor(value)));
function part(event) {  // where a canvas was clicked, in parts of its height and width: of a click on its rim, inside
  const {top, left, height, width} = event.target.getBoundingClientRect(), below1 = 1 - 1e-9;
  return [(event.clientY - top) / height, (event.clientX - left) / width].map(x => Math.min(Math.max(x, 0), below1));
}

// A pixel of the picture: the score of its class, or, in Backward, the gradient of that.
function askAbout([down, across]) {
  const {out} = state.arrays, {top, left} = marginOf(out), [h, w] = model.shape;
  const i = clamp(down * h - top, out.h), j = clamp(across * w - left, out.w), k = largestClass(out, i, j);
  Object.assign(state.aim, {i, j, k});
  if (state.backward) toStrongest();
  else go("out", k, i, j);
}
function chooseCard(name, event) {  // by the keyboard, the target is the card; by a click mostly its drawing
  const drawn = event.target.tagName === "CANVAS", [down, across] = part(event), {aim, backward} = state;
  const last = name === "answer" ? "out" : lastOf(name), {c} = state.arrays[last], side = Math.ceil(Math.sqrt(c));
  const k = Math.floor(down * side) * side + Math.floor(across * side);
  if (name === "answer" && drawn) askAbout([down, across]);
  else if (name === "answer") go("out", aim.k, aim.i, aim.j);
  else go(last, drawn && k < c && (name !== "x" || backward) ? k : undefined);
  if (at("where").getBoundingClientRect().top > innerHeight) at("closer").scrollIntoView();  // on a phone
}
async function toStrongest(name) {  // when the gradients of what is asked about are there
  if (await compute() && state.backward) go(name ?? state.view.name, undefined, undefined, undefined, false);
}
function setMode(backward) {
  const {backward: before, view: {name, i, j, k}} = state;
  if (backward === before) return;
  if (backward && name === "out") Object.assign(state.aim, {i, j, k});
  state.backward = backward;
  showMode();
  toStrongest();
}
function toggle(set, item, name) {
  if (!set.delete(item)) set.add(item);
  compute(model.order[name]);
}
function toggleMap() {
  const {name, k} = state.view, {zeroed} = state.edits;
  if (!zeroed.has(name)) zeroed.set(name, new Set());
  toggle(zeroed.get(name), k, name);
}
function byKey(event, keys) {
  const other = !event.getModifierState("AltGraph") && (event.ctrlKey || event.metaKey || event.altKey);
  if (!state.answer || !keys[event.key] || other) return;
  event.preventDefault();
  event.stopPropagation();
  keys[event.key]();
}
function moved(dk, di, dj) {  // to another map, or another pixel
  const {name, k, i, j} = state.view, {h, w, c} = state.arrays[name];
  go(name, clamp(k + dk, c), clamp(i + di, h), clamp(j + dj, w), false);
}
function stepAfter(by) {
  const names = Object.keys(model.shapes);
  go(names[clamp(names.indexOf(state.view.name) + by, names.length)]);
}

for (const mode of ["forward", "backward"]) at(mode).onclick = () => setMode(mode === "backward");
at("undo").onclick = () => { state.edits = noEdits(); compute(0); at("map").focus({preventScroll: true}); };
at("zero").onclick = toggleMap;
at("own").onchange = event => { state.ownScale = event.target.checked; look(); };
at("loss").onchange = event => { state.aim.loss = event.target.checked; showMode(); compute(); };
at("seen").onclick = event => askAbout(part(event));
at("map").onclick = event => {
  const [down, across] = part(event), {name, k} = state.view, {h, w} = state.arrays[name];
  go(name, k, clamp(down * h, h), clamp(across * w, w));
};
at("maps").onclick = event => {
  const {name, i, j} = state.view, k = (event.offsetY / THUMB | 0) * state.across + (event.offsetX / THUMB | 0);
  if (k < state.arrays[name].c) go(name, k, i, j);
};
const Enter = () => at("sum").querySelector(".link")?.click();  // where the strongest input comes from
const arrows = (up, left) => ({
  ArrowUp: () => moved(...up.map(n => -n)), ArrowDown: () => moved(...up), ArrowLeft: () => moved(...left.map(n => -n)),
  ArrowRight: () => moved(...left), Enter,
});
at("map").onkeydown = event => byKey(event, arrows([0, 1, 0], [0, 0, 1]));
at("maps").onkeydown = event => byKey(event, arrows([state.across, 0, 0], [1, 0, 0]));
document.onkeydown = event => byKey(event, {
  f: () => setMode(false), b: () => setMode(true), "[": () => stepAfter(-1), "]": () => stepAfter(1),
  Escape: () => history.state?.inside && history.back(),
});
onpopstate = readAddress;
onresize = () => { if (innerWidth !== state.width) layOut(), compute(); };  // not when a phone hides its address
const trouble = message => tell(`${message}, at ${model.steps[state.stale]?.name ?? "the end"}`, true);
onerror = trouble;
onunhandledrejection = event => trouble(event.reason?.message ?? event.reason);

layOut();
paintCard("x");
compute(0).then(readAddress).then(() => history.replaceState(null, "", address()));
