// The look: as the system has it, or light or dark as chosen here.  A plain script, so that
// it runs before the page is first painted.
"use strict";

const vaurienTheme = (() => {
  const KEY = "vaurien-theme";
  const ORDER = ["auto", "light", "dark"];

  // Storage can be forbidden by the user; the choice then lasts as long as the page.
  let chosen = "auto";
  try {
    chosen = localStorage.getItem(KEY) ?? "auto";
  } catch { /* keep "auto" */ }

  function show() {
    if (!ORDER.includes(chosen)) chosen = "auto";
    if (chosen === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
  }

  show();
  return {
    get chosen() { return chosen; },
    next() {
      chosen = ORDER[(ORDER.indexOf(chosen) + 1) % ORDER.length];
      try {
        localStorage.setItem(KEY, chosen);
      } catch { /* not kept */ }
      show();
      return chosen;
    },
  };
})();
globalThis.vaurienTheme = vaurienTheme;
