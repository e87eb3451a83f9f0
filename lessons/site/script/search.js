// Search in the parts of all pages: every word must occur; headings count more than text.
"use strict";
{
  const query = document.getElementById("query"), found = document.getElementById("found");
  const said = document.getElementById("said");  // the number of results, for those who hear the page

  function score(part, words) {
    const heading = (part.title + " " + part.heading).toLowerCase(), text = part.text.toLowerCase();
    let total = 0;
    for (const word of words) {
      // Counts more than in mid-word.
      const begins = new RegExp("\\b" + word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "gu");
      const times = (text.match(begins) || []).length;
      if (!text.includes(word) && !heading.includes(word)) return 0;
      total += (heading.match(begins) ? 20 : 0) + 3 * Math.min(times, 5) + 1;
    }
    return /^(try|exercises|further reading)$/.test(part.heading.toLowerCase()) ? total / 3 : total;
  }

  function element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  function around(text, word) {
    const at = Math.max(0, text.toLowerCase().indexOf(word)), start = Math.max(0, at - 50);
    const line = element("small", (start ? "... " : "") + text.slice(start, at));
    line.append(element("mark", text.slice(at, at + word.length)), text.slice(at + word.length, at + 90) + " ...");
    return line;
  }

  function show() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = words.length ? INDEX.map(part => [score(part, words), part]).filter(hit => hit[0] > 0) : [];
    hits.sort((one, other) => other[0] - one[0]);
    found.replaceChildren(...hits.slice(0, 12).map(([, part]) => {
      const item = document.createElement("li");
      const link = element("a", part.heading === part.title ? part.title : part.title + ": " + part.heading);
      link.href = part.page + (part.anchor ? "#" + part.anchor : "");
      const shown = words.find(word => part.text.toLowerCase().includes(word));
      item.append(link, shown ? around(part.text, shown) : element("small", part.text.slice(0, 140)));
      return item;
    }));
    if (words.length && !hits.length) found.replaceChildren(element("li", "Nothing found."));
    said.textContent = words.length ? `${Math.min(hits.length, 12)} found` : "";
    found.hidden = !words.length;
  }

  query.addEventListener("input", show);
  document.addEventListener("keydown", event => {
    if (event.key === "Enter" && document.activeElement === query && !found.hidden) found.querySelector("a")?.click();
    if (event.key === "Escape") { query.value = ""; show(); }
  });
  document.addEventListener("click", event => { if (!event.target.closest(".search")) found.hidden = true; });
  found.addEventListener("click", event => { if (event.target.closest("a")) { found.hidden = true; } });
}
