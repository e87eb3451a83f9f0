// The U itself: a card for each block, arrows between them, a switch on each skip; drawn from the network's sizes.
const SMALLER = .38;  // by how much the lowest cards are smaller than the highest
const SWITCH = 84;  // pixels between the arms at the lowest skip, for its switch
const CAPTION = 34, GAP = 14;  // pixels above and below each card
const TITLES = {x: "picture", out: "classes"};
const lastOf = block => block === "x" ? "x" : model.steps.findLast(step => step.block === block).name;

// {cards: name -> {x, y, side}, width, height}: a wide drawing has picture and answer at its sides, a narrow one above.
function placesOf(width, room) {
  const narrow = width < 640, {depth, blocks} = model, bottom = depth - 1, part = level => 1 - SMALLER * level / bottom;
  const rows = blocks.slice(0, depth).reduce((sum, _, level) => sum + part(level), narrow ? 1 : 0);
  const high = (room - (depth + 1) * (CAPTION + GAP)) / rows;
  const wanted = narrow ? (width - 40) / 3 : Math.min((width - 5 * 34) / 5, 160, high);
  const side = Math.max(narrow ? 0 : 84, Math.min(wanted, (width - SWITCH) / 2 / part(bottom - 1)));
  const cards = {}, put = (name, middle, y, level = 0) => {
    cards[name] = {x: middle - side * part(level) / 2, y, side: side * part(level)};
  };
  const outer = narrow ? side / 2 : side * 1.5 + 34, inner = (width - SWITCH - side * part(bottom - 1)) / 2;
  let y = CAPTION + (narrow ? side + CAPTION + GAP : 0);
  for (let level = 0; level < depth; y += side * part(level++) + CAPTION + GAP) {
    const x = level === bottom ? width / 2 : outer + (inner - outer) * (depth > 2 ? level / (bottom - 1) : 0);
    put(blocks[level], x, y, level);
    put(blocks[2 * bottom - level], width - x, y, level);
  }
  put("x", side / 2, CAPTION);
  put("out", width - side / 2, CAPTION);
  put("answer", narrow ? width / 2 : width - side / 2, narrow ? CAPTION : CAPTION + side + CAPTION + GAP);
  return {cards, width, height: y - CAPTION};
}
function buildCards(stage, choose) {
  return Object.fromEntries(["x", ...model.blocks, "answer"].map(name => {
    const card = button("", event => choose(name, event), {className: "card"}), canvas = element("canvas");
    const size = element("small");
    card.append(element("b", {textContent: TITLES[name] ?? name}), size, canvas);
    stage.append(card);
    return [name, {button: card, canvas, size}];
  }));
}
function buildSwitches(stage, toggle) {
  return model.steps.filter(step => step.kind === "crop_concat").map(step => {
    const from = model.step[step.inputs[0]].block, aria = {role: "switch", label: `skip from ${from} to ${step.block}`};
    const made = button(" ", () => toggle(step.name), {className: "switch", aria}), share = element("small");
    made.append(share);
    stage.append(made);
    return {step, button: made, share, from};
  });
}

// The point on the rim of a card towards another one.
function rim({x, y, side}, other) {
  const dx = other.x + other.side / 2 - x - side / 2, dy = other.y + other.side / 2 - y - side / 2, half = side / 2;
  if (Math.abs(dy) < .3 * Math.abs(dx)) return [x + half + Math.sign(dx) * half, y + half];
  return [x + half + Math.max(-.2 * side, Math.min(.2 * side, dx)), dy > 0 ? y + side + 1 : y - CAPTION];
}

// From block to block; in Backward, with `flows`, turned round, and the wider, the more gradient flows there.
function drawArrows(svg, {cards, width, height}, flows, off) {
  const largest = Math.max(...model.arrows.map(([, , , flow]) => flows?.[flow] ?? 0)) || 1;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.innerHTML = model.arrows.map(([from, to, kind, flow]) => {
    const ends = [rim(cards[from], cards[to]), rim(cards[to], cards[from])], [a, b] = flows ? ends.reverse() : ends;
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1, [x, y] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    const thick = flows ? 1 + 6 * Math.sqrt((flows[flow] ?? 0) / largest) : 2, head = 5 + thick;
    const neck = [b[0] - x * head, b[1] - y * head], cut = off.has(flow.split(">")[1]) && kind === "crop_concat";
    const corners = [b, ...[-.5, .5].map(turn => [neck[0] + turn * head * y, neck[1] - turn * head * x])];
    return `<path class="${kind} ${cut ? "cut" : ""}" stroke-width="${thick}" d="M ${a} L ${neck}"/>`
      + `<polygon class="${kind}" points="${corners.join(" ")}"/>`;
  }).join("");
}

// Which part of the gradient that comes back to the block across from a skip comes by it, and not from below.
function shareOf(flows, concat) {
  const [skip] = concat.inputs, flowTo = step => flows[`${skip}>${step.name}`] ?? 0;
  return flowTo(concat) / (total(model.steps.filter(step => step.inputs.includes(skip)).map(flowTo)) || 1);
}
