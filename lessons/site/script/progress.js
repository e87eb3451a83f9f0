// Which pages are done: marked by their button, kept in the browser, ticked in the list of lessons.
"use strict";
{
  const button = document.getElementById("done"), count = document.getElementById("count");
  const entries = [...document.querySelectorAll("#book [data-page]")];

  function read() {
    try {
      const kept = JSON.parse(memory.get("done"));
      return new Set(Array.isArray(kept) ? kept : []);
    } catch { return new Set(); }
  }

  function show() {
    const done = read();
    let many = 0;
    for (const entry of entries) {
      const ticked = done.has(entry.dataset.page), tick = entry.querySelector(".tick");
      many += ticked;
      if (ticked && !tick) {
        const made = document.createElement("span");
        made.className = "tick";
        made.textContent = "✓";
        made.setAttribute("role", "img");
        made.setAttribute("aria-label", "done");
        entry.querySelector("a").append(made);
      }
      if (!ticked && tick) tick.remove();
    }
    count.hidden = !many;
    count.textContent = `${many} of ${entries.length} pages done`;
    if (!button) return;
    const isDone = done.has(button.dataset.page);
    button.classList.toggle("marked", isDone);
    button.textContent = isDone ? "✓ Done" : "Mark this page as done";
  }

  if (button && memory.set("works", "1")) {  // without a memory there is no button
    button.hidden = false;
    button.addEventListener("click", () => {
      const done = read(), page = button.dataset.page;
      if (!done.delete(page)) done.add(page);
      memory.set("done", JSON.stringify([...done]));
      show();
    });
  }
  addEventListener("storage", show);  // marked in another window
  addEventListener("pageshow", show);  // back from another page
  show();
}
