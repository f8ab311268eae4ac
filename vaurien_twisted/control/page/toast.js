// Short messages at the foot of the page, with an undo for what was removed.

import { byId, make } from "./dom.js";

const SHOWN = 5000; // ms; the time stands still while the pointer or the focus is on a message
const MOST = 3;

const open = [];

class Toast {
  constructor(text, undo) {
    this.undo = undo;
    this.left = SHOWN;
    this.timer = 0;
    this.bar = make("i", { class: "left" });
    this.element = make("div", { class: "toast" }, make("p", {}, text),
      undo ? make("button", { type: "button", class: "main", click: () => this.take() }, "Undo") : null,
      make("button", { type: "button", class: "quiet", "aria-label": "Close this message", click: () => this.close() }, "✕"),
      this.bar);
    for (const name of ["pointerenter", "focusin"]) this.element.addEventListener(name, () => this.hold());
    for (const name of ["pointerleave", "focusout"]) this.element.addEventListener(name, () => this.run());
    byId("toasts").append(this.element);
    this.run();
  }

  hold() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.left = Math.max(1000, this.left - (performance.now() - this.since));
    this.element.classList.add("held");
  }

  run() {
    if (this.timer || this.element.matches(":hover, :focus-within")) return;
    this.since = performance.now();
    this.element.classList.remove("held");
    this.timer = setTimeout(() => this.close(), this.left);
  }

  close() {
    clearTimeout(this.timer);
    this.element.remove();
    const place = open.indexOf(this);
    if (place >= 0) open.splice(place, 1);
  }

  async take() {
    const { undo } = this;
    this.close();
    if (!undo) return;
    try {
      toast(await undo());
    } catch (error) {
      toast(`Not undone: ${error.message}`);
    }
  }
}

/** Show a message for five seconds; `undo()` takes back what it tells of, and resolves to a message. */
export function toast(text, undo = null) {
  while (open.length >= MOST) open[0].close();
  open.push(new Toast(text, undo));
}

/** Undo what the latest message tells of, if it can be undone. */
export function undoLatest() {
  open.findLast((each) => each.undo)?.take();
}
