// A layer and small numbers. Whoever chooses a number of x or of y sees the products that it is part of.
"use strict";
{
  const KINDS = {  // what goes through all products; how it begins; how many rows come of h
    conv2d: {every: everyWindow, stride: 1, name: "y", size: (h, k, s, p) => Math.floor((h + 2 * p - k) / s) + 1},
    conv_transpose2d: {every: everyStamp, stride: 2, name: "x", size: (h, k, s, p) => s * (h - 1) + k - 2 * p},
  };
  const MOVES = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
  const arrayOf = rows => ({h: rows.length, w: rows[0].length, c: 1, d: Float64Array.from(rows.flat())});
  const number = value => signs(String(value));
  const named = (name, array, n) => `${name}[${placeOf(array, n).i}, ${placeOf(array, n).j}]`;

  function begin(figure) {
    const {every, size, stride, name: first} = KINDS[figure.dataset.kind], layer = layers[figure.dataset.kind];
    const x = arrayOf(JSON.parse(figure.dataset.x)), kernel = arrayOf(JSON.parse(figure.dataset.kernel));
    const shape = [kernel.h, kernel.w, 1, 1], options = {stride, padding: 0}, chosen = {name: first, n: 0};
    const params = {get: name => name.endsWith("bias") ? {d: [0]} : {shape, d: kernel.d}};
    const board = element("div", {className: "board"}), said = element("p", {aria: {live: "polite"}});
    let y;

    // Every product that the chosen number is part of: which of x, of the kernel and of y it joins.
    function productsOfChosen() {
      const found = [];
      every(x, y, shape, options, (from, part, to) => {
        if ((chosen.name === "x" ? from : to) === chosen.n) found.push({x: from, kernel: part, y: to});
      });
      return found;
    }
    function choose(name, n) {
      Object.assign(chosen, {name, n});
      draw();
      board.querySelector("[aria-pressed=true]").focus();
    }
    function rowsOf(name, array, products, padding = 0) {
      const cell = (i, j) => {
        const outside = i < 0 || j < 0 || i >= array.h || j >= array.w;
        if (outside) return element("td", {className: "outside", textContent: 0});
        const n = i * array.w + j, here = name === chosen.name && n === chosen.n, text = number(array.d[n]);
        const marked = here ? "chosen" : products.some(each => each[name] === n) ? "marked" : "";
        if (name === "kernel") return element("td", {className: marked, textContent: text});
        const rest = {className: marked, aria: {label: `${named(name, array, n)} = ${text}`, pressed: here}};
        const made = button(text, () => choose(name, n), {...rest, tabIndex: here ? 0 : -1});
        made.onkeydown = event => {
          const [di, dj] = MOVES[event.key] ?? [0, 0], inside = (at, length) => at >= 0 && at < length;
          if (!MOVES[event.key]) return;
          event.preventDefault();
          if (inside(i + di, array.h) && inside(j + dj, array.w)) choose(name, n + di * array.w + dj);
        };
        return element("td", {}, made);
      };
      const rows = grid(array.h + 2 * padding, array.w + 2 * padding, (a, b) => cell(a - padding, b - padding));
      const caption = element("caption", {textContent: `${name}  (${array.h}, ${array.w})`});
      return element("table", {}, caption, ...rows.map(row => element("tr", {}, ...row)));
    }
    function draw() {
      const sizes = [x.h, x.w].map((h, axis) => size(h, shape[axis], options.stride, options.padding));
      y = layer.forward({name: "", shape: [...sizes, 1], options}, [x], params);
      chosen.n = Math.min(chosen.n, (chosen.name === "x" ? x : y).d.length - 1);
      const products = productsOfChosen(), around = every === everyWindow ? options.padding : 0;
      const [left, middle, right] = [["x", x, around], ["kernel", kernel], ["y", y]].map(
        ([name, array, padding]) => rowsOf(name, array, products, padding));
      board.replaceChildren(left, TIMES, middle, "\u2192", right);
      const terms = products.map(each => `${number(x.d[each.x])}${TIMES}${number(kernel.d[each.kernel])}`);
      said.textContent = chosen.name === "y"
        ? `${named("y", y, chosen.n)} = ${terms.length ? `${terms.join(" + ")} = ` : ""}${number(y.d[chosen.n])}`
        : `${named("x", x, chosen.n)} = ${number(x.d[chosen.n])} goes into ${products.length} of ${y.d.length} numbers`
          + (terms.length ? ": " : ".")
          + products.map((each, n) => `${terms[n]} into ${named("y", y, each.y)}`).join(", ");
    }
    const dial = (name, values) => {
      const choices = values.map(value => element("option", {textContent: value, selected: value === options[name]}));
      const onchange = event => { options[name] = Number(event.target.value); draw(); };
      return element("label", {}, `${name} `, element("select", {onchange}, ...choices));
    };
    const next = button(`next number of ${first}`, () => {
      const {length} = (first === "x" ? x : y).d;
      Object.assign(chosen, {name: first, n: chosen.name === first ? (chosen.n + 1) % length : 0});
      draw();
    });
    draw();
    const dials = element("div", {className: "dials"}, dial("stride", [1, 2, 3]), dial("padding", [0, 1]), next);
    figure.replaceChildren(element("p", {}, "Live: choose a number of x or y."), dials, board, said);
  }
  document.querySelectorAll(".live").forEach(begin);
}
