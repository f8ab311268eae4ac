// The keys of the page, and the list of them.

import { byId, make } from "./dom.js";

/** `keys` has [key, what it does, act()]; without `act` it is only listed. */
export class Shortcuts {
  constructor(keys, digit) {
    this.keys = keys;
    this.digit = digit;
    byId("shortcuts").append(...keys.flatMap(([key, text]) => [
      make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)]));
    document.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=range]):not([type=checkbox]):not([type=radio]), select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const found = this.keys.find(([key, , act]) => act && key === event.key);
    if (found) found[2]();
    else if (!/^[1-9]$/.test(event.key) || !this.digit(Number(event.key))) return;
    event.preventDefault();
  }
}
