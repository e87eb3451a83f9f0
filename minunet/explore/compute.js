// The state of the page, and what computes it again: with pauses, so that the page answers meanwhile.
const model = readModel(JSON.parse(document.getElementById("data").textContent)), {params} = model;
const state = {
  arrays: {x: model.x}, grads: {}, flows: null, edits: noEdits(), backward: false, ownScale: false, spot: [.5, .5],
  running: 0, stale: 0,  // how often something was begun, and the first step that has to be computed
  aim: {i: 0, j: 0, k: 0, loss: false},  // what Backward asks about
  probabilities: null, answer: null, untouched: null,  // the answer before the reader has changed anything
  view: {name: model.steps[0].name, k: 0, i: model.shape[0] >> 1, j: model.shape[1] >> 1, input: null},
  counting: {},  // what counts for the number that is shown
};
const shown = name => state.backward ? state.grads[name] : state.arrays[name];
const LONGEST = 10;  // milliseconds without a pause, but for a step that takes longer
const pause = () => new Promise(done => setTimeout(done));

// Runs a generator to its end, and says what it returned; undefined if meanwhile it was wanted no more.
async function unhurried(generator, wanted, told = () => {}) {
  for (let since = performance.now(); ;) {
    const {value, done} = generator.next();
    if (done) return value ?? true;
    told(value);
    if (performance.now() - since < LONGEST) continue;
    await pause();
    if (!wanted()) return undefined;
    since = performance.now();
  }
}

// Everything from step number `from` on, and, in Backward, the gradients of what is asked about; then all is drawn.
// True if meanwhile nothing newer was begun.
async function compute(from = model.steps.length) {
  const run = ++state.running, wanted = () => run === state.running, {arrays, edits, backward: back} = state;
  const calm = back || matchMedia("(prefers-reduced-motion: reduce)").matches, painted = new Set();
  const told = step => {
    state.stale = model.order[step.name] + 1;
    if (!calm && step.name === lastOf(step.block)) paintCard(step.block), painted.add(step.block);
  };
  document.body.setAttribute("aria-busy", "true");
  Object.assign(state, {stale: Math.min(state.stale, from), grads: {}});  // what was begun before may not have ended
  if (!await unhurried(forward(model.steps, params, arrays, edits, state.stale), wanted, told)) return false;
  Object.assign(state, {probabilities: softmax(arrays.out), answer: answerOf(arrays.out)});
  if (!state.untouched) begin(arrays.out);
  const grads = {}, flows = back ? {} : null, dy = back && question(arrays.out, state.aim).dy;
  const gradients = backward(model.steps, params, arrays, "out", dy, grads, flows, edits);
  if (back && !await unhurried(gradients, wanted)) return false;
  Object.assign(state, {grads, flows});
  await pause();
  if (!await unhurried(painting(painted), wanted)) return false;
  document.body.removeAttribute("aria-busy");
  render();
  return true;
}
function begin(out) {  // when everything was computed for the first time: is it what minunet computes?
  const {count, off, most} = comparison(state.arrays), text = part => signs(part.toExponential(0));
  const i = out.h >> 1, j = out.w >> 1;
  Object.assign(state, {untouched: state.answer, aim: {i, j, k: largestClass(out, i, j), loss: false}});
  if (off) tell(`NOT equal to minunet: ${off.name} differs by ${text(off.apart)} of its largest number`, true);
  else tell(`${count} numbers compared with minunet: equal (to ${text(most)})`, false);
  document.getElementById("both").inert = false;
}
const tell = (textContent, wrong) =>
  Object.assign(document.getElementById("compared"), {textContent, className: wrong ? "wrong" : ""});
