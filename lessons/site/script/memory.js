// What the browser keeps for the next visit. Where it keeps nothing (private windows, some settings), nothing breaks.
"use strict";
const memory = {
  get(name) {
    try { return localStorage.getItem("minunet." + name); } catch { return null; }
  },
  set(name, value) {  // whether it was kept
    try {
      if (value === null) localStorage.removeItem("minunet." + name);
      else localStorage.setItem("minunet." + name, value);
      return true;
    } catch { return false; }
  },
};
