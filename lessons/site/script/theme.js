// Light or dark paper: as the system has it, until the switch says otherwise. Runs before anything is drawn.
"use strict";
{
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const chosen = memory.get("theme");
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const tell = () => button.setAttribute("aria-pressed", String(isDark()));
    button.addEventListener("click", () => {
      const wanted = isDark() ? "light" : "dark", own = system.matches ? "dark" : "light";
      if (wanted === own) delete root.dataset.theme;  // as the system has it: follow it again
      else root.dataset.theme = wanted;
      memory.set("theme", wanted === own ? null : wanted);
      tell();
    });
    system.addEventListener("change", tell);
    tell();
  });
}
