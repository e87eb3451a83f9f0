// The closer look: the steps of a block, the maps of a step, one map, what one of its numbers sees, and its sum.
const at = id => document.getElementById(id);
const THUMB = 44;  // pixels a side of a small map, with its margin
const address = () => `#${[state.view.name, state.view.k, state.view.i, state.view.j]}`;
const nameOf = (name, k) => ({x: model.channels, out: model.classes})[name]?.[k] ?? `map ${k}`;
const partOf = (name, {i, j, loss} = state.aim) =>  // in Backward, what the asked pixel sees of an array
  state.backward && !loss ? seenFrom(model, "out", i, j)[name] : wholeOf(shown(name));
function renew(box, ...children) {  // the focus stays on the button at the same place
  const place = [...box.querySelectorAll("button")].indexOf(document.activeElement);
  box.replaceChildren(...children);
  box.querySelectorAll("button")[place]?.focus();
}
function look() {
  const {view, edits} = state, {name, k, i, j} = view, array = shown(name), step = model.step[name];
  if (!array) return;  // the gradients are still computed
  const scale = scaleOf(array), value = valueAt(array, i, j, k), zeroed = edits.zeroed.get(name);
  scale.signed ||= state.backward;
  const here = step?.block ?? "x";
  for (const each of ["x", ...model.blocks]) cards[each].button.setAttribute("aria-pressed", each === here);
  const level = step ? `: level ${step.level + 1}` : "";
  at("where").textContent = `${TITLES[here] ?? here}${level}, ${array.c} maps of ${array.h} ${TIMES} ${array.w}`;
  const own = state.ownScale ? {...scaleOf(array, k), signed: scale.signed} : scale, {length: empty} = emptyMaps(array);
  at("empty").textContent = `the largest number here, without its sign: ${textOf(own.largest)}`
    + (empty ? `; maps that are 0 everywhere (hatched): ${empty} of ${array.c}` : "");
  renew(at("steps"), ...model.steps.filter(each => each.block === step?.block).map(({name: to}) => {
    return button(to.split(".").at(-1), () => go(to), {aria: {pressed: to === name}});
  }));
  drawThumbs(array, scale, zeroed);
  drawMap(array, own);
  at("map-caption").textContent = `${nameOf(name, k)}, row ${i}, column ${j}: ${textOf(value)}`;
  at("map").setAttribute("aria-label", `${at("map-caption").textContent}; the arrow keys move`);
  at("zero").hidden = !step || step === model.last;
  at("zero").textContent = zeroed?.has(k) ? "let this map through again" : "set this map to zero";
  const choose = input => { view.input = input; look(); }, showAll = () => { view.all = true; look(); };
  const asked = {...state, ...view, params, step, go, choose, showAll};
  const sum = state.backward ? gradientSum(asked, value) : sums[step?.kind ?? "picture"](asked);
  renew(at("sum"), ...(zeroed?.has(k) ? [sentence("You have set this map to zero.", "Without that:")] : []), ...sum);
  showSeen(step);
}
function drawThumbs(array, scale, zeroed) {
  const maps = at("maps"), holder = maps.parentElement, {name, k} = state.view;
  const across = state.across = Math.max(1, Math.floor((holder.clientWidth - 6) / THUMB));
  const pen = sized(maps, across * THUMB, Math.ceil(array.c / across) * THUMB), top = (k / across | 0) * THUMB;
  drawMaps(pen, array, scale, across, THUMB, {zeroed, chosen: k, box: partOf(name)});
  if (top < holder.scrollTop || top + THUMB > holder.scrollTop + holder.clientHeight) holder.scrollTop = top - THUMB;
  const text = `${nameOf(name, k)}, the last is ${array.c - 1}; largest ${textOf(scaleOf(array, k).largest)}`;
  Object.assign(maps, {ariaValueMax: array.c - 1, ariaValueNow: k, ariaValueText: text});
}
function drawMap(array, scale) {
  const canvas = at("map"), zoom = canvas.parentElement.clientWidth / Math.max(array.h, array.w);
  const pen = sized(canvas, array.w * zoom, array.h * zoom), {i, j, k} = state.view, mark = Math.max(zoom, 12);
  pen.drawImage(mapCanvas(array, k, scale), 0, 0, array.w * zoom, array.h * zoom);
  frame(pen, (j + .5) * zoom - mark / 2, (i + .5) * zoom - mark / 2, mark, mark);
}

// What the number sees: at once the box, and, when it has been computed, what counts in it.
async function showSeen(step) {
  const {view, arrays, edits} = state, {name, i, j, k} = view, boxes = seenFrom(model, name, i, j, k), {x: box} = boxes;
  const key = () => `${address()} ${state.running}`, asked = key(), wanted = () => key() === asked;
  const [h, w] = model.shape, size = `${heightOf(box)} ${TIMES} ${widthOf(box)} of ${h} ${TIMES} ${w} pixels`;
  const cut = [box.top, box.left, h - 1 - box.bottom, w - 1 - box.right].includes(0) ? ", cut off by its edge" : "";
  const norm = model.steps.some(step => step.kind === "group_norm" && boxes[step.name]) ? ", by group norm all" : "";
  at("seen-caption").textContent = step ? `it sees ${size}${cut}${norm}; bright: what counts most` : "";
  drawSeen(box, state.counting[asked]);
  if (state.counting[asked] || !step || document.body.hasAttribute("aria-busy")) return;  // not of old numbers
  await pause();
  const map = wanted() && await unhurried(countingFor(model, params, arrays, edits, view), wanted);
  if (!map || !wanted()) return;
  state.counting = {[asked]: map};
  drawSeen(box, map);
}

// The picture with the box, and, where that is small, the same enlarged in the corner farthest from it.
function drawSeen(box, counting) {
  const canvas = at("seen"), [h, w] = model.shape, zoom = canvas.parentElement.clientWidth / Math.max(h, w);
  const wide = 2 + Math.max(heightOf(box), widthOf(box)), lens = .45 * Math.min(w, h) * zoom, larger = lens / wide;
  const pen = sized(canvas, w * zoom, h * zoom), dense = canvas.width / w;
  pen.drawImage(pictureCanvas(), 0, 0, w * zoom, h * zoom);
  if (counting) drawCounting(pen, zoom, counting, box);
  const around = canvasOf(Math.ceil(wide * dense), Math.ceil(wide * dense), () => {});
  around.getContext("2d").drawImage(canvas, (1 - box.left) * dense, (1 - box.top) * dense);
  frame(pen, box.left * zoom, box.top * zoom, widthOf(box) * zoom, heightOf(box) * zoom);
  if (wide > Math.min(h, w) / 6) return;
  const x = box.left > w / 2 ? 5 : w * zoom - lens - 5, y = box.top > h / 2 ? 5 : h * zoom - lens - 5;
  pen.drawImage(around, x, y, lens, lens);
  frame(pen, x, y, lens, lens);
  frame(pen, x + larger, y + larger, widthOf(box) * larger, heightOf(box) * larger);
}
