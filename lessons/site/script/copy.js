// A button on every block of code that copies the code, and nothing else.
"use strict";
{
  async function copy(text) {  // whether it was copied
    try { await navigator.clipboard.writeText(text); return true; } catch {  // not allowed here: the older way
      const area = document.createElement("textarea"), before = document.activeElement;
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      before.focus({ preventScroll: true });
      return done;
    }
  }

  for (const block of document.querySelectorAll(".block.input")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const done = await copy(block.querySelector("code").textContent);
      button.textContent = done ? "Copied" : "Not copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    block.querySelector("pre").prepend(button);
  }
}
