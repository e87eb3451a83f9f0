// On narrow screens the list of lessons is behind a button; it closes with Escape and when a link is taken.
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
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && isOpen()) { open(false); button.focus(); }
  });
  document.addEventListener("click", event => {
    if (isOpen() && !event.target.closest("#book, #menu")) open(false);
  });
}
