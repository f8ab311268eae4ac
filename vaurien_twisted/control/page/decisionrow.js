// One row of the list of decisions, which can be opened and given another entry.

import { make, write } from "./dom.js";
import { clock, count, span } from "./format.js";

const AGAIN = 1000; // ms between two looks at an open row of which more may become known
const LOOKS = 60;

/** What was done, in words. */
export function effectOf(entry) {
  if (entry.kind === "passed") return passedWords(entry.timing);
  if (entry.kind === "set" && /^(100:)?dummy$/.test(entry.effect)) return "everything passes unchanged";
  return entry.words ?? entry.effect ?? (entry.kind === "decision" ? "" : entry.kind);
}

function passedWords({ duration, replyBegan, together }) {
  const several = together ? `${count(together)} passed` : "passed";
  if (duration !== undefined) return `${several}, ${span(duration)}`;
  // Where the end of a reply is not known, its beginning is.
  return replyBegan === undefined ? `${several}, no answer so far` : `${several}, answered after ${span(replyBegan)}`;
}

/** Which exchange it is, "" where it is of none. */
export function whichOf(entry) {
  const exchange = entry.exchange === undefined ? "" : `·${entry.exchange}`;
  return entry.connection ? `${entry.connection}${exchange}` : "";
}

/** What the exchange asked, or what else happened. */
export function whatOf(entry) {
  if (entry.kind === "set") return `set ${entry.what}`;
  const size = entry.timing?.requestBytes;
  // Protocols that are not read have bytes only.
  return entry.description || (size === undefined ? "" : `${count(size)} bytes`);
}

export class Row {
  /** `story(entry)` resolves to what is shown when the row is opened. */
  constructor(story) {
    this.story = story;
    this.time = make("time", {});
    this.who = make("span", { class: "who" });
    this.what = make("span", { class: "what" });
    this.effect = make("span", { class: "effect" });
    this.rule = make("span", { class: "rule" });
    this.line = make("div", { class: "line" }, this.time, this.who, this.what,
      make("span", { class: "done" }, this.effect, this.rule));
    this.more = make("div", { class: "story" });
    this.element = make("li", { tabindex: -1 }, this.line);
    this.element.row = this;
    this.timer = 0;
  }

  show(entry, several) {
    this.entry = entry;
    this.close();
    write(this.time, clock(entry.time));
    write(this.who, several ? `${entry.proxy} ${whichOf(entry)}` : whichOf(entry));
    write(this.what, whatOf(entry));
    this.what.title = this.what.textContent;
    write(this.effect, effectOf(entry));
    write(this.rule, entry.rule ?? "");
    this.element.className = entry.kind === "decision" ? "" : entry.kind === "passed" ? "passed" : "other";
    this.element.setAttribute("aria-expanded", "false");
  }

  close() {
    this.element.classList.remove("open");
    this.element.setAttribute("aria-expanded", "false");
    this.more.remove();
    clearTimeout(this.timer);
  }

  /** Open it, or close it. */
  async toggle() {
    if (this.element.classList.contains("open")) return this.close();
    this.element.classList.add("open");
    this.element.setAttribute("aria-expanded", "true");
    this.more.replaceChildren();
    this.element.append(this.more);
    await this.tell(LOOKS);
    return undefined;
  }

  async tell(looks) {
    const { entry } = this;
    const { elements, goesOn } = await this.story(entry);
    // Meanwhile it may be that of another entry, or closed.
    if (this.entry !== entry || !this.more.isConnected) return;
    this.more.replaceChildren(...elements);
    clearTimeout(this.timer);
    if (goesOn && looks) this.timer = setTimeout(() => this.tell(looks - 1), AGAIN);
  }
}
