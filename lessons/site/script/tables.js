// A table that scrolls is a stop of the keyboard, which can move it then, named after the heading before it.
"use strict";
{
  const headings = [...document.querySelectorAll("h1, h2, h3")];
  const watch = new ResizeObserver(entries => entries.forEach(({ target }) => {  // also when it is unfolded
    const before = headings.findLast(each => each.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING);
    const marks = { tabindex: 0, role: "group", "aria-label": "Table: " + before.textContent };
    for (const [name, value] of Object.entries(marks)) {
      if (target.scrollWidth > target.clientWidth) target.setAttribute(name, value);
      else target.removeAttribute(name);
    }
  }));
  for (const table of document.querySelectorAll(".table")) watch.observe(table);
}
