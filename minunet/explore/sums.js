// Where a number comes from, in words and numbers, for each kind of step.

const MINUS = "\u2212", TIMES = "\u00d7", SHOWN = 5;  // the largest terms of a sum are shown, the others together
const signs = text => text.replaceAll("-", MINUS);
const total = values => values.reduce((a, b) => a + b, 0);
const grid = (h, w, at) => Array.from({length: h}, (_, a) => Array.from({length: w}, (_, b) => at(a, b)));
const sentence = (title, ...parts) => element("p", {}, element("b", {textContent: `${title} `}), ...parts);
const formula = text => element("div", {className: "formula", textContent: text});

function textOf(value, digits = 4) {
  const size = Math.abs(value);
  return signs(size === 0 ? "0" : size < .001 ? value.toExponential(1) : value.toFixed(size < 100 ? digits : digits - 2));
}

function table(caption, rows, marked = () => false) {
  const cell = (value, a, b) => element("td", {  // null: the zeros around a picture
    textContent: textOf(value ?? 0, 3), className: value === null ? "outside" : marked(a, b) ? "marked" : "",
  });
  return element("table", {}, element("caption", {textContent: caption}),
                 ...rows.map((row, a) => element("tr", {}, ...row.map((value, b) => cell(value, a, b)))));
}
const beside = (...parts) => element("div", {className: "beside"}, ...parts);

// The terms of a sum as bars; `choose(c)` shows another one's window.
function bars(terms, names, chosen, choose, bias) {
  const ranked = terms.map((value, c) => ({c, value, text: names(c)})).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const others = ranked.splice(SHOWN), rows = [...ranked, {text: "bias", value: bias}];
  if (others.length) rows.splice(-1, 0, {text: `${others.length} others`, value: total(others.map(term => term.value))});
  const largest = Math.max(...rows.map(row => Math.abs(row.value))) || 1;
  return element("div", {className: "bars"}, ...rows.flatMap(({c, text, value}) => {
    const bar = element("i", {className: value < 0 ? "negative" : "positive"}), width = Math.abs(value) / largest * 50;
    bar.style.cssText = `--from: ${value < 0 ? 50 - width : 50}%; --width: ${width}%`;
    const button = {type: "button", textContent: text, onclick: () => choose(c), aria: {pressed: c === chosen}};
    return [c === undefined ? element("span", {textContent: text}) : element("button", button), bar,
            element("span", {className: "number", textContent: textOf(value)})];
  }));
}

// What a sum of products over the input maps has in common in both convolutions.
function sumOfMaps(asked, terms, input, names) {
  const bias = asked.params.get(`${asked.step.name}.bias`).d[asked.k], sum = total(terms);
  return [
    element("p", {textContent: `All ${terms.length} together (choose one):`}),
    bars(terms, names, input, asked.choose, bias),
    formula(`sum ${textOf(sum)} + bias ${textOf(bias)} = ${textOf(sum + bias)}`),
  ];
}
const strongest = terms => terms.reduce((best, value, c) => Math.abs(value) > Math.abs(terms[best]) ? c : best, 0);

// "map 18 of up3.concat", which goes there.
function link({model, go}, name, k, i, j) {
  const textContent = name === "x" ? `${model.channels[k]} of the picture` : `map ${k} of ${name}`;
  return element("button", {type: "button", className: "link", textContent, onclick: () => go(name, k, i, j)});
}

// Asked is {model, params, arrays, edits, probabilities, step, name, i, j, k, input, choose(c), go(name, k, i, j)}: `input`
// is the input map whose window is shown, or null for the one that adds most.
const sums = {
  conv2d(asked) {
    const {step, i, j, k} = asked, [from] = step.inputs, x = asked.arrays[from], {padding} = step.options;
    const {shape: [kh, kw, c, outputs], d} = asked.params.get(`${step.name}.weight`);
    const pixel = (a, b, m) => {
      const row = i + a - padding, column = j + b - padding;
      return row >= 0 && row < x.h && column >= 0 && column < x.w ? valueAt(x, row, column, m) : null;
    };
    const kernel = (a, b, m) => d[((a * kw + b) * c + m) * outputs + k], product = (...at) => (pixel(...at) ?? 0) * kernel(...at);
    const terms = Array.from({length: c}, (_, m) => total(grid(kh, kw, (a, b) => product(a, b, m)).flat()));
    const m = asked.input ?? strongest(terms), of = at => grid(kh, kw, (a, b) => at(a, b, m));
    return [
      sentence(`${kh}${TIMES}${kw} convolution.`, `${kh * kw} ${TIMES} ${c} = ${kh * kw * c} products, and the bias. From `,
               link(asked, from, m, Math.min(i, x.h - 1), Math.min(j, x.w - 1)), ":"),
      beside(table("window", of(pixel)), TIMES, table("kernel", of(kernel)), "=", table(`products, sum ${textOf(terms[m])}`, of(product))),
      ...sumOfMaps(asked, terms, m, n => from === "x" ? asked.model.channels[n] : `map ${n}`),
      ...(step === asked.model.last ? classes(asked) : []),
    ];
  },
  conv_transpose2d(asked) {
    const {step, i, j, k} = asked, [from] = step.inputs, x = asked.arrays[from], row = i >> 1, column = j >> 1;
    const {shape: [, kw, c, outputs], d} = asked.params.get(`${step.name}.weight`);
    const kernel = (a, b, m) => d[((a * kw + b) * c + m) * outputs + k];
    const terms = Array.from({length: c}, (_, n) => valueAt(x, row, column, n) * kernel(i & 1, j & 1, n));
    const m = asked.input ?? strongest(terms), value = valueAt(x, row, column, m), here = (a, b) => a === (i & 1) && b === (j & 1);
    return [
      sentence("Transposed convolution.", `The pixel at row ${row}, column ${column} below stamps 2 ${TIMES} 2 pixels; this one is its `,
               `${["upper", "lower"][i & 1]} ${["left", "right"][j & 1]}. ${c} products, and the bias. From `, link(asked, from, m, row, column), ":"),
      beside(table("pixel", [[value]]), TIMES, table("kernel", grid(2, 2, (a, b) => kernel(a, b, m)), here), "=",
             table("stamp", grid(2, 2, (a, b) => value * kernel(a, b, m)), here)),
      ...sumOfMaps(asked, terms, m, n => `map ${n}`),
    ];
  },
  relu({step, i, j, k, ...asked}) {
    const x = valueAt(asked.arrays[step.inputs[0]], i, j, k);
    return [sentence("ReLU.", "What is negative becomes 0, the rest stays. From ", link(asked, step.inputs[0], k, i, j), "."),
            formula(`max(0, ${textOf(x)}) = ${textOf(Math.max(0, x))}`)];
  },
  max_pool2d({step, i, j, k, ...asked}) {
    const x = asked.arrays[step.inputs[0]], best = winner(x, i, j, k), row = best / x.c / x.w | 0, column = (best / x.c | 0) % x.w;
    const window = grid(2, 2, (a, b) => valueAt(x, 2 * i + a, 2 * j + b, k));
    return [
      sentence(`2${TIMES}2 max-pool.`, "The largest of four stays, and on the way back the gradient goes to it alone. It is at row ",
               `${row}, column ${column} of `, link(asked, step.inputs[0], k, row, column), "."),
      beside(table("window", window, (a, b) => 2 * i + a === row && 2 * j + b === column), "\u2192", textOf(x.d[best])),
    ];
  },
  crop_concat({step, i, j, k, ...asked}) {
    const [skip, x] = step.inputs.map(name => asked.arrays[name]), {top, left} = cropOf(skip, x), across = k < skip.c;
    const place = across ? [step.inputs[0], k, i + top, j + left] : [step.inputs[1], k - skip.c, i, j], off = across && asked.edits.off.has(step.name);
    const value = valueAt(asked.arrays[place[0]], place[2], place[3], place[1]);
    return [
      sentence(across ? "By the skip, from the other arm." : "From the level below.", off ? "Switched off: 0 in place of " : "Unchanged from ",
               link(asked, ...place), `, row ${place[2]}, column ${place[3]}. Of the ${skip.c + x.c} maps here, the first ${skip.c} come by the skip.`),
      formula(off ? `0 in place of ${textOf(value)}` : textOf(value)),
    ];
  },
  group_norm({step, i, j, k, ...asked}) {
    const x = asked.arrays[step.inputs[0]], {means, inverse, width, count} = normalised(step, x), group = k / width | 0;
    const [weight, bias] = ["weight", "bias"].map(name => asked.params.get(`${step.name}.${name}`).d[k]);
    const value = valueAt(x, i, j, k), normal = (value - means[group]) * inverse[group];
    return [
      sentence("Group norm.", `Maps ${group * width} to ${group * width + width - 1} are a group: from each of their ${count} numbers the mean of all `,
               "is subtracted, and the rest divided by their standard deviation. Each map has a weight and a bias. From ",
               link(asked, step.inputs[0], k, i, j), "."),
      formula(`(${textOf(value)} ${MINUS} mean ${textOf(means[group])}) / deviation ${textOf(1 / inverse[group])} = ${textOf(normal)}`),
      formula(`${textOf(normal)} ${TIMES} weight ${textOf(weight)} + bias ${textOf(bias)} = ${textOf(normal * weight + bias)}`),
    ];
  },
  picture: ({model, arrays, i, j, k}) => [
    sentence("The picture, as the network sees it.", "A number for each channel of each pixel."),
    formula(`${model.channels[k]}: ${textOf(valueAt(arrays.x, i, j, k))}`),
  ],
};

// The scores of a pixel, and what softmax makes of them.
function classes({model, arrays, probabilities, i, j, k, go}) {
  const rows = model.classes.map((textContent, c) => element("tr", {className: c === k ? "chosen" : ""},
    element("td", {}, element("button", {type: "button", className: "link", textContent, onclick: () => go("out", c, i, j)})),
    element("td", {textContent: textOf(valueAt(arrays.out, i, j, c))}),
    element("td", {textContent: `${(100 * valueAt(probabilities, i, j, c)).toFixed(1)} %`})));
  const head = element("tr", {}, ...["class", "score", "probability"].map(textContent => element("th", {textContent})));
  return [sentence("Softmax.", "The probability of a class is e to the power of its score (its logit), divided by the sum over all classes:"),
          element("table", {className: "classes"}, head, ...rows)];
}
