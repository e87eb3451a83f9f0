// Where a number comes from, in words and numbers, for each kind of step.
const MINUS = "\u2212", TIMES = "\u00d7", SHOWN = 5;  // the largest terms of a sum are shown, the others together
const signs = text => text.replaceAll("-", MINUS);
const total = values => values.reduce((a, b) => a + b, 0);
const grid = (h, w, at) => Array.from({length: h}, (_, a) => Array.from({length: w}, (_, b) => at(a, b)));
const strongest = terms => terms.reduce((best, value, c) => Math.abs(value) > Math.abs(terms[best]) ? c : best, 0);
function textOf(value, digits = 4) {
  const size = Math.abs(value);
  if (size !== 0 && size < .001) return signs(value.toExponential(digits - 3));
  return signs(size === 0 ? "0" : value.toFixed(size < 100 ? digits : digits - 2));
}
function element(tag, {aria = {}, ...properties} = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(name === "role" ? name : `aria-${name}`, value);
  made.append(...children);
  return made;
}
const sentence = (title, ...parts) => element("p", {}, element("b", {textContent: `${title} `}), ...parts);
const formula = text => element("div", {className: "formula", textContent: text});
const beside = (...parts) => element("div", {className: "beside"}, ...parts);
const button = (textContent, onclick, rest) => element("button", {type: "button", textContent, onclick, ...rest});
function table(caption, rows, marked = () => false) {
  const cell = (value, a, b) => element("td", {  // null: the zeros around a picture
    textContent: textOf(value ?? 0, 3), className: value === null ? "outside" : marked(a, b) ? "marked" : "",
  });
  return element("table", {}, element("caption", {textContent: caption}),
                 ...rows.map((row, a) => element("tr", {}, ...row.map((value, b) => cell(value, a, b)))));
}

// The terms of a sum over input maps as bars, the bias, and the sum; a click on a term shows its window.
function sumOfMaps({step, k, choose, all, showAll}, terms, chosen) {
  const bias = params.get(`${step.name}.bias`).d[k], sum = total(terms), some = terms.filter(Boolean).length;
  const rows = terms.map((value, c) => ({c, value, text: nameOf(step.inputs[0], c), onclick: () => choose(c)}));
  const count = all ? terms.length : Math.min(SHOWN, some || 1), size = ({value}) => Math.abs(value);
  const others = rows.sort((a, b) => size(b) - size(a)).splice(count), value = total(others.map(term => term.value));
  if (others.length) rows.push({text: `${others.length} more`, value, onclick: showAll});
  rows.push({text: "bias", value: bias});
  const largest = Math.max(...rows.map(size)) || 1;
  const bars = rows.flatMap(({c, text, value, onclick}) => {
    const bar = element("i", {className: value < 0 ? "negative" : "positive"}), width = Math.abs(value) / largest * 50;
    bar.style.cssText = `--from: ${value < 0 ? 50 - width : 50}%; --width: ${width}%`;
    const aria = c === undefined ? {} : {pressed: c === chosen};
    const name = onclick ? button(text, onclick, {aria}) : element("span", {textContent: text});
    return [name, bar, element("span", {className: "number", textContent: textOf(value)})];
  });
  return [element("p", {}, `All ${terms.length} together (choose one):`), element("div", {className: "bars"}, ...bars),
          formula(`sum ${textOf(sum)} + bias ${textOf(bias)} = ${textOf(sum + bias)}`)];
}

// "map 18 of up3.concat", which goes there.
function link({go}, name, k, i, j) {
  const text = `${nameOf(name, k)} of ${name === "x" ? "the picture" : name}`;
  return button(text, () => go(name, k, i, j), {className: "link"});
}

// The weights for map k, kernel(row, column, input map).
function kernelOf({step, k}) {
  const {shape: [kh, kw, c, outputs], d} = params.get(`${step.name}.weight`);
  return {kh, kw, c, kernel: (a, b, m) => d[((a * kw + b) * c + m) * outputs + k]};
}

// What is asked is {arrays, edits, probabilities, step, i, j, k, input, choose(c), go(name, k, i, j)}: the number of
// map k at row i and column j; the input map whose window is shown, or null for the one that adds most; and showAll().
const sums = {
  conv2d(asked) {
    const {step, i, j, k} = asked, [from] = step.inputs, x = asked.arrays[from], {padding} = step.options;
    const {kh, kw, c, kernel} = kernelOf(asked);
    const pixel = (a, b, m) => {
      const row = i + a - padding, column = j + b - padding;
      return row >= 0 && row < x.h && column >= 0 && column < x.w ? valueAt(x, row, column, m) : null;
    };
    const product = (a, b, m) => (pixel(a, b, m) ?? 0) * kernel(a, b, m);
    const terms = Array.from({length: c}, (_, m) => total(grid(kh, kw, (a, b) => product(a, b, m)).flat()));
    const m = asked.input ?? strongest(terms), of = at => grid(kh, kw, (a, b) => at(a, b, m));
    const source = link(asked, from, m, Math.min(i, x.h - 1), Math.min(j, x.w - 1));
    return [
      sentence(`${kh}${TIMES}${kw} convolution.`,
               `${kh * kw} ${TIMES} ${c} = ${kh * kw * c} products, and the bias. From `, source, ":"),
      beside(table("window", of(pixel)), TIMES, table("kernel", of(kernel)), "=",
             table(`products, sum ${textOf(terms[m])}`, of(product))),
      ...sumOfMaps(asked, terms, m),
      ...(step === model.last ? classes(asked) : []),
    ];
  },
  conv_transpose2d(asked) {
    const {step, i, j, k} = asked, [from] = step.inputs, x = asked.arrays[from], row = i >> 1, column = j >> 1;
    const {c, kernel} = kernelOf(asked);
    const here = (a, b) => a === i % 2 && b === j % 2;
    const terms = Array.from({length: c}, (_, n) => valueAt(x, row, column, n) * kernel(i % 2, j % 2, n));
    const m = asked.input ?? strongest(terms), value = valueAt(x, row, column, m);
    const place = `${["upper", "lower"][i % 2]} ${["left", "right"][j % 2]}`;
    return [
      sentence("Transposed convolution (up-conv).", `Row ${row}, column ${column} below stamps 2 ${TIMES} 2 `,
               `pixels: this is the ${place} one. ${c} products, and the bias. From `,
               link(asked, from, m, row, column), ":"),
      beside(table("pixel", [[value]]), TIMES, table("kernel", grid(2, 2, (a, b) => kernel(a, b, m)), here), "=",
             table("stamp", grid(2, 2, (a, b) => value * kernel(a, b, m)), here)),
      ...sumOfMaps(asked, terms, m),
    ];
  },
  relu(asked) {
    const {step: {inputs: [from]}, i, j, k} = asked, x = valueAt(asked.arrays[from], i, j, k);
    return [sentence("ReLU.", "What is negative becomes 0, the rest stays. From ", link(asked, from, k, i, j), "."),
            formula(`max(0, ${textOf(x)}) = ${textOf(Math.max(0, x))}`)];
  },
  max_pool2d(asked) {
    const {step: {inputs: [from]}, i, j, k} = asked, x = asked.arrays[from], best = winner(x, i, j, k);
    const {i: row, j: column} = placeOf(x, best);
    const window = grid(2, 2, (a, b) => valueAt(x, 2 * i + a, 2 * j + b, k));
    return [
      sentence(`2${TIMES}2 max-pool.`, "The largest of four stays, and on the way back the gradient goes to it alone: ",
               `row ${row}, column ${column} of `, link(asked, from, k, row, column), "."),
      beside(table("window", window, (a, b) => 2 * i + a === row && 2 * j + b === column), "\u2192", textOf(x.d[best])),
    ];
  },
  crop_concat(asked) {
    const {step, i, j, k} = asked, [over, below] = step.inputs, skip = asked.arrays[over], x = asked.arrays[below];
    const {top, left} = cropOf(skip, x), across = k < skip.c, off = across && asked.edits.off.has(step.name);
    const [from, map, row, column] = across ? [over, k, i + top, j + left] : [below, k - skip.c, i, j];
    const value = textOf(valueAt(asked.arrays[from], row, column, map));
    return [
      sentence(`Concatenation: ${across ? "by the skip, from the other arm." : "from the level below."}`,
               off ? "Switched off: 0 in place of " : "Unchanged from ", link(asked, from, map, row, column), ", row ",
               `${row}, column ${column}. Side by side, ${skip.c} maps come by the skip and ${x.c} from below.`),
      formula(off ? `0 in place of ${value}` : value),
    ];
  },
  group_norm(asked) {
    const {step, i, j, k} = asked, [from] = step.inputs, x = asked.arrays[from];
    const {means, inverse, width, count} = statistics(step, x), group = k / width | 0, first = group * width;
    const [weight, bias] = ["weight", "bias"].map(name => params.get(`${step.name}.${name}`).d[k]);
    const mean = means[group], deviation = 1 / inverse[group], value = valueAt(x, i, j, k);
    const normal = (value - mean) / deviation, valueOf = normal * weight + bias;
    return [
      sentence("Group norm.", `Maps ${first} to ${first + width - 1} are a group: from each of their ${count} numbers `,
               "the mean of all is subtracted, and the rest divided by their standard deviation. Then come a weight ",
               "and a bias for each map. From ", link(asked, from, k, i, j), "."),
      formula(`(${textOf(value)} ${MINUS} mean ${textOf(mean)}) / deviation ${textOf(deviation)} = ${textOf(normal)}`),
      formula(`${textOf(normal)} ${TIMES} weight ${textOf(weight)} + bias ${textOf(bias)} = ${textOf(valueOf)}`),
    ];
  },
  picture: ({arrays, i, j, k}) => [
    sentence("The picture, as the network sees it:", signs(`black is ${model.ends[0]}, white ${model.ends[1]}.`)),
    formula(`${nameOf("x", k)}: ${textOf(valueAt(arrays.x, i, j, k))}`)],
};

// The scores of a pixel, and what softmax makes of them.
function classes({arrays, probabilities, i, j, k, go}) {
  const row = (tag, cells) => element("tr", {}, ...cells.map(cell => element(tag, {}, cell)));
  const rows = model.classes.map((name, c) => row("td", [
    button(name, () => go("out", c, i, j), {className: "link", aria: {pressed: c === k}}),
    textOf(valueAt(arrays.out, i, j, c)), `${(100 * valueAt(probabilities, i, j, c)).toFixed(1)} %`,
  ]));
  return [sentence("Softmax.", "e to the power of a score (a logit), by the sum over all classes, is a probability:"),
          element("table", {className: "classes"}, row("th", ["class", "score", "probability"]), ...rows)];
}
