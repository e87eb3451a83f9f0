// The contents of the page show which part is being read: the last one whose heading has passed the top.
"use strict";
{
  const links = [...document.querySelectorAll(".contents a")];
  const headings = links.map(link => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  const list = document.getElementById("book");
  let shown = null;

  function mark() {
    const line = 0.25 * innerHeight;
    const atEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    let number = headings.findLastIndex(heading => heading.getBoundingClientRect().top <= line);
    if (atEnd) number = headings.length - 1;
    const link = links[number] || null;
    if (link === shown) return;
    if (shown) shown.removeAttribute("aria-current");
    if (link) link.setAttribute("aria-current", "true");
    shown = link;
    reveal(link || list.querySelector("[aria-current=page]"));
  }

  function reveal(link) {  // within the list only; the page stays where it is
    if (!link || !list.offsetHeight) return;  // nothing is shown, or the list is behind its button
    const box = link.getBoundingClientRect(), frame = list.getBoundingClientRect();
    if (box.top < frame.top + 40) list.scrollTop -= frame.top + 40 - box.top;
    if (box.bottom > frame.bottom - 40) list.scrollTop += box.bottom - frame.bottom + 40;
  }

  if (links.length) {
    addEventListener("scroll", mark, { passive: true });
    addEventListener("resize", mark);
    mark();
  }
  reveal(list.querySelector("[aria-current=page]"));
}
