// The live list of decisions.  Whatever comes, it takes in a bounded number at a time and
// says how many it left out.

import { effectOf, Row } from "./decisionrow.js";
import { byId, make, write } from "./dom.js";
import { count, short } from "./format.js";
import { story } from "./story.js";
import { toast } from "./toast.js";

const WAITING = 600; // events kept unread between two looks
const SHOWN_AT_ONCE = 40; // rows added at one look, on average
const ROWS = 250;
const KEPT = 500; // entries that a changed filter looks through
const LOOK = 120; // ms between two looks
const RULES = 60; // names of rules to choose from
const NOTHING = "Nothing was decided yet: set a behavior and send a request through the proxy.";

/** `some` of `list`, spread evenly over it. */
function spread(list, some) {
  if (list.length <= some) return list;
  return Array.from({ length: some }, (_, index) => list[Math.floor(((index + 1) * list.length) / some) - 1]);
}

const exchangeOf = ({ proxy, connection, exchange }) => `${connection} ${exchange} ${proxy}`;

export class Decisions {
  constructor() {
    this.log = byId("log");
    this.unread = [];
    this.kept = [];
    this.spare = [];
    this.came = 0;
    this.shownAt = 0;
    this.leftOut = 0;
    this.rate = { since: performance.now(), came: 0 };
    this.paused = false;
    this.several = false;
    this.rules = new Set();
    this.filters = { text: byId("filter-text"), proxy: byId("filter-proxy"), rule: byId("filter-rule"), connection: byId("filter-connection") };
    this.fill(this.filters.rule, "All rules", []);
    this.fill(this.filters.proxy, "All proxies", []);
    for (const input of Object.values(this.filters)) input.addEventListener("input", () => this.refilter());
    byId("pause").addEventListener("click", () => this.pause());
    byId("clear").addEventListener("click", () => this.clear());
    this.log.addEventListener("keydown", (event) => this.move(event));
    // Not below its first line: closing it there would bring the next row under the pointer.
    this.log.addEventListener("click", ({ target }) => target.closest(".line")?.parentElement.row.toggle());
    let last = 0;
    const frame = (millis) => {
      requestAnimationFrame(frame);
      if (millis - last < LOOK) return;
      last = millis;
      this.look();
    };
    requestAnimationFrame(frame);
  }

  /** An event came, as the JSON text that it is: most of a flood is never read. */
  take(text, name) {
    if (name === "missed" && !text.includes('"id"')) {
      // More came, before this page or while it was not connected, than the service keeps.
      this.leftOut += JSON.parse(text).count;
      return;
    }
    this.came += 1;
    this.unread.push(text);
    if (this.unread.length >= 2 * WAITING) {
      this.leftOut += this.unread.length - WAITING;
      this.unread = spread(this.unread, WAITING);
    }
  }

  /** A request passed; `left` others did beside it that are not shown. */
  pass(text, left) {
    this.leftOut += left;
    this.take(text, "passed");
  }

  /** Which proxies there are. */
  know(names) {
    this.several = names.length > 1;
    this.log.classList.toggle("several", this.several);
    byId("filter-proxy-label").hidden = !this.several;
    const shown = [...this.filters.proxy.options].slice(1).map((each) => each.value);
    if (JSON.stringify(shown) !== JSON.stringify(names)) this.fill(this.filters.proxy, "All proxies", names);
  }

  fill(select, all, names) {
    const chosen = select.value;
    select.replaceChildren(make("option", { value: "" }, all), ...names.map((name) => make("option", { value: name }, name)));
    select.value = names.includes(chosen) ? chosen : "";
  }

  /** Whether rows would move under the reader's eyes or pointer. */
  get held() {
    return this.paused || this.log.scrollTop > 4 || this.log.matches(":hover, :has(li.open)")
      || this.log.contains(document.activeElement?.closest("li"));
  }

  look() {
    if (!this.held && this.unread.length) this.show();
    this.tell();
  }

  show() {
    const test = this.test();
    // Into an empty list may come as many as it holds: what happened before the page was open.
    const now = performance.now();
    const looks = this.log.childElementCount ? Math.max(1, Math.floor((now - this.shownAt) / LOOK)) : Infinity;
    this.shownAt = now;
    const room = Math.min(ROWS, SHOWN_AT_ONCE * looks);
    const entries = spread(this.unread, test ? WAITING : room);
    this.leftOut += this.unread.length - entries.length;
    this.unread = [];
    const all = entries.map((text) => JSON.parse(text));
    // What was decided about is in the journal as well.
    const struck = new Set([...this.kept, ...all].filter(({ kind }) => kind === "decision").map(exchangeOf));
    const read = all.filter((entry) => entry.kind !== "passed" || !struck.has(exchangeOf(entry)));
    for (const { rule } of read) if (rule) this.meet(rule);
    this.kept = [...this.kept, ...read].slice(-KEPT);
    const wanted = test ? read.filter(test) : read;
    const shown = spread(wanted, room);
    this.leftOut += wanted.length - shown.length;
    this.add(shown);
  }

  add(entries) {
    for (const entry of entries) {
      const row = this.spare.pop() ?? new Row(story);
      row.show(entry, this.several);
      this.log.insertBefore(row.element, this.place(entry.time));
    }
    while (this.log.childElementCount > ROWS) {
      const last = this.log.lastElementChild;
      last.remove();
      if (this.spare.length < SHOWN_AT_ONCE) this.spare.push(last.row);
    }
    byId("log-empty").hidden = this.log.childElementCount > 0;
  }

  /** The row below which later ones stand: requests that passed are told after faults of their time. */
  place(time) {
    let next = this.log.firstElementChild;
    while (next && next.row.entry.time > time) next = next.nextElementSibling;
    return next;
  }

  meet(rule) {
    if (this.rules.has(rule) || this.rules.size >= RULES) return;
    this.rules.add(rule);
    this.fill(this.filters.rule, "All rules", [...this.rules].sort());
  }

  /** What the filters let pass, undefined for all. */
  test() {
    const { text, proxy, rule, connection } = this.filters;
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const number = connection.value.trim();
    if (!words.length && !proxy.value && !rule.value && !number) return undefined;
    return (entry) => {
      if (proxy.value && entry.proxy !== proxy.value) return false;
      if (rule.value && entry.rule !== rule.value) return false;
      if (number && String(entry.connection) !== number) return false;
      const all = [entry.whole?.description ?? entry.description, entry.rule, entry.effect, effectOf(entry), entry.reason, entry.kind];
      const told = all.filter(Boolean).join(" ").toLowerCase();
      return words.every((word) => told.includes(word));
    };
  }

  refilter() {
    const test = this.test();
    this.log.replaceChildren();
    this.add((test ? this.kept.filter(test) : this.kept).slice(-ROWS));
    write(byId("log-empty"), test ? "Nothing here matches the filters." : NOTHING);
  }

  pause() {
    this.paused = !this.paused;
    const button = byId("pause");
    button.setAttribute("aria-pressed", String(this.paused));
    write(button, this.paused ? "Go on" : "Pause");
    if (!this.paused) this.log.scrollTop = 0;
  }

  clear() {
    const { kept } = this;
    this.leftOut = 0;
    this.kept = [];
    this.unread = [];
    this.refilter();
    if (!kept.length) return;
    toast("The list of decisions is empty", async () => {
      this.kept = [...kept, ...this.kept].slice(-KEPT);
      this.refilter();
      return "The decisions are there again";
    });
  }

  tell() {
    const now = performance.now();
    const elapsed = (now - this.rate.since) / 1000;
    if (elapsed < 0.9) return;
    const rate = (this.came - this.rate.came) / elapsed;
    this.rate = { since: now, came: this.came };
    const words = [];
    if (rate >= 0.5) words.push(`${short(rate)}/s`);
    if (this.leftOut) words.push(`${count(this.leftOut)} left out`);
    if (this.held && this.unread.length) words.push(`${count(this.unread.length)} waiting`);
    write(byId("decisions-count"), words.join(" · "));
  }

  /** Arrow keys go from row to row, Enter opens one, Escape goes back to the list. */
  move(event) {
    const row = event.target.closest("li");
    const next = {
      ArrowDown: row ? row.nextElementSibling : this.log.firstElementChild,
      ArrowUp: row?.previousElementSibling,
      Home: this.log.firstElementChild,
      End: this.log.lastElementChild,
      Escape: row ? this.log : null,
    }[event.key];
    if (next) next.focus();
    else if (event.key === "Enter") row?.row.toggle();
    else return;
    event.preventDefault();
  }
}
