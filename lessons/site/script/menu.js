// On narrow screens a button shows the list of lessons; Escape closes it, and a link, and the focus when it leaves.
"use strict";
{
  const button = document.getElementById("menu"), list = document.getElementById("book");
  const open = shown => {
    list.classList.toggle("open", shown);
    button.setAttribute("aria-expanded", String(shown));
    if (!shown) return;
    const current = list.querySelector("[aria-current]") || list.querySelector("a");
    current.focus({ preventScroll: true });
    current.scrollIntoView({ block: "nearest" });
  };
  const isOpen = () => list.classList.contains("open");
  button.addEventListener("click", () => open(!isOpen()));
  list.addEventListener("click", event => { if (event.target.closest("a")) open(false); });
  list.addEventListener("focusout", event => {  // a click beside it gives the focus to nothing: see below
    if (event.relatedTarget && !event.relatedTarget.closest("#book, #menu")) open(false);
  });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && isOpen()) { open(false); button.focus(); }
  });
  document.addEventListener("click", event => {
    if (isOpen() && !event.target.closest("#book, #menu")) open(false);
  });
}
