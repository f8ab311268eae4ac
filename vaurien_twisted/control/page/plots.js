// The row of plots: which figures there are, their values now, and the loop that moves them.

import { byId, make, write } from "./dom.js";
import { bytes, clock, short, span } from "./format.js";
import { Plot } from "./plot.js";

const FRAME = 33; // ms: plots move a few pixels a second, more frames would show nothing
const SLOW = 250; // ms, where they show more than a minute
const perSecond = (value) => short(value, "/s");

// Received is what clients send, sent is what they get.
const FIGURES = [
  {
    title: "Throughput", format: (value) => `${bytes(value)}/s`, least: 1000,
    series: [["received", "received", "a"], ["sent", "sent", "b"]],
  },
  { title: "Exchanges", format: perSecond, least: 1, series: [["exchanges", "", "a"]] },
  { title: "Faults", format: perSecond, least: 1, series: [["faults", "", "c"]] },
  {
    title: "Duration", format: span, least: 0.001, exchanges: true,
    series: [["mean", "mean", "b"], ["p50", "p50", "a"], ["p95", "p95", "d"], ["p99", "p99", "c"]],
  },
  // In place of durations, where bytes are not divided into exchanges.
  { title: "Open connections", format: short, least: 2, exchanges: false, series: [["open", "", "b"]] },
];

/** Plots of whatever `chosen()` answers: the history of a proxy. */
export class Plots {
  constructor(chosen) {
    this.chosen = chosen;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.place = byId("plots");
    this.cards = FIGURES.map((figure) => this.card(figure));
    this.last = 0;
    this.stale = true;
    this.fraction = null;
    this.span = 60;
    this.phases = [];
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolor());
    for (const input of this.ranges()) input.addEventListener("change", () => this.range(Number(input.value)));
    this.listen();
    const frame = (millis) => {
      requestAnimationFrame(frame);
      if (millis - this.last < (this.span > 60 && this.fraction === null ? SLOW : FRAME)) return;
      this.last = millis;
      this.draw();
    };
    requestAnimationFrame(frame);
  }

  ranges() {
    return [...document.querySelectorAll("#range input")];
  }

  /** Show the last `seconds`. */
  range(seconds) {
    this.span = seconds;
    this.stale = true;
  }

  /** The next range, the first one after the last. */
  nextRange() {
    const inputs = this.ranges();
    const next = inputs[(inputs.findIndex((each) => each.checked) + 1) % inputs.length];
    next.checked = true;
    this.range(Number(next.value));
  }

  /** Reading a value, with the pointer or with the arrow keys. */
  listen() {
    const point = (fraction) => {
      this.fraction = fraction;
      this.last = 0;
    };
    for (const { canvas } of this.cards) {
      canvas.addEventListener("pointermove", ({ offsetX }) => point(offsetX / canvas.clientWidth));
      canvas.addEventListener("pointerleave", () => point(null));
    }
    this.place.addEventListener("blur", () => point(null));
    this.place.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") point(null);
      if (!step) return;
      event.preventDefault();
      point(Math.min(1, Math.max(0, (this.fraction ?? 1) + step / 60)));
    });
  }

  card(figure) {
    const canvas = make("canvas", { role: "img" });
    const values = [];
    const swatches = [];
    const legend = make("p", { class: "values" });
    for (const [, label, color] of figure.series) {
      const swatch = make("i", { class: `swatch ${color}` });
      const value = make("b", {}, "–");
      legend.append(make("span", {}, swatch, value, label ? make("small", {}, label) : null));
      values.push(value);
      swatches.push(swatch);
    }
    const element = make(
      "figure", { class: "panel plot" }, make("figcaption", {}, figure.title), legend, canvas);
    this.place.append(element);
    const series = figure.series.map(([column], index) => ({
      column, color: () => getComputedStyle(swatches[index]).backgroundColor,
    }));
    const plot = new Plot(canvas, { series, format: figure.format, least: figure.least });
    return { figure, element, values, plot, canvas };
  }

  /** New figures of a proxy came. */
  update(proxy) {
    this.stale = true;
    const divided = proxy.protocol !== "tcp" || proxy.exchanges > 0;
    for (const { figure, element } of this.cards) {
      element.hidden = figure.exchanges !== undefined && figure.exchanges !== divided;
    }
  }

  /** The look has changed. */
  recolor() {
    for (const { plot } of this.cards) plot.recolor();
    this.stale = true;
  }

  draw() {
    const history = this.chosen();
    const still = this.still.matches;
    // Without motion, what is drawn changes when there is something new.
    if (!history || (still && !this.stale && this.fraction === null)) return;
    const now = Date.now() / 1000;
    const { fraction } = this;
    const view = { now, span: this.span, still, fraction, phases: this.phases };
    let row;
    for (const card of this.cards) {
      if (card.element.hidden) continue;
      row = card.plot.draw(history, view);
      if (this.stale || row || card.pointed) this.values(card, history, row, now);
      card.pointed = row !== undefined;
    }
    this.tell(history, row, this.cards[0].plot.markAt(history.marks, now, this.span, fraction));
    this.stale = false;
  }

  /** Say what the pointer is at, else what was set last. */
  tell(history, row, mark) {
    const last = history.marks.at(-1);
    const words = mark ? `${clock(mark.time).slice(0, 8)} set: ${mark.what}`
      : row ? `at ${clock(row[0]).slice(0, 8)}`
        : last ? `▾ ${clock(last.time).slice(0, 8)} set: ${last.what}` : "";
    const place = byId("plots-told");
    write(place, words);
    if (place.title !== words) place.title = words;
  }

  values({ figure, values, canvas }, history, row, now) {
    const told = figure.series.map(([column, label], index) => {
      const value = row ? row[history.place(column)] : history.latest(column, now);
      const text = value === null ? "–" : figure.format(value);
      write(values[index], text);
      return `${label} ${text}`.trim();
    });
    if (!row) canvas.setAttribute("aria-label", `${figure.title}: ${told.join(", ")}`);
  }
}
