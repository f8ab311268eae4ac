// The row of plots: which figures there are, their values now, and the loop that moves them.

import { make, write } from "./dom.js";
import { bytes, short, span } from "./format.js";
import { COLUMNS, tellsLatency } from "./history.js";
import { Plot } from "./plot.js";

const FRAME = 33; // ms: plots move a few pixels a second, more frames would show nothing.
const perSecond = (value) => short(value, "/s");

// In is what clients send, out is what they get.
const FIGURES = [
  {
    title: "Throughput", format: (value) => `${bytes(value)}/s`, least: 1000,
    series: [["up", "in", "a"], ["down", "out", "b"]],
  },
  { title: "Exchanges", format: perSecond, least: 1, series: [["exchanges", "", "a"]] },
  { title: "Faults", format: perSecond, least: 1, series: [["faults", "", "c"]] },
  {
    title: "Latency", format: span, least: 0.001, latency: true,
    series: [["latency", "mean", "b"], ["p50", "p50", "a"], ["p95", "p95", "d"], ["p99", "p99", "c"]],
  },
  { title: "Open connections", format: short, least: 2, series: [["open", "", "b"]], latency: false },
];

/** Plots within `place` of whatever `chosen()` answers: a proxy's history. */
export class Plots {
  constructor(place, chosen) {
    this.chosen = chosen;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.cards = FIGURES.map((figure) => this.card(place, figure));
    this.last = 0;
    this.stale = true;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolor());
    const frame = (millis) => {
      requestAnimationFrame(frame);
      if (millis - this.last < FRAME) return;
      this.last = millis;
      this.draw();
    };
    requestAnimationFrame(frame);
  }

  card(place, figure) {
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
    place.append(element);
    const series = figure.series.map(([column], index) => ({
      column: COLUMNS.indexOf(column),
      color: () => getComputedStyle(swatches[index]).backgroundColor,
    }));
    const plot = new Plot(canvas, { series, format: figure.format, least: figure.least });
    return { figure, element, values, plot, canvas };
  }

  /** New figures came. */
  update(proxy) {
    this.stale = true;
    const timed = proxy !== undefined && tellsLatency(proxy);
    for (const { figure, element } of this.cards) {
      if (figure.latency !== undefined) element.hidden = figure.latency !== timed;
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
    const pointed = this.cards.some(({ plot }) => plot.pointer !== null);
    // Without motion, what is drawn changes when there is something new.
    if (!history || (still && !this.stale && !pointed)) return;
    const now = Date.now() / 1000;
    for (const card of this.cards) {
      if (card.element.hidden) continue;
      const row = card.plot.draw(history, now, still);
      if (this.stale || row >= 0 || card.pointed) this.values(card, history, row);
      card.pointed = row >= 0;
    }
    this.stale = false;
  }

  values({ figure, values, canvas }, { rates, latest }, row) {
    const told = figure.series.map(([column, label], index) => {
      const value = row < 0 ? latest[column] : rates.at(row, COLUMNS.indexOf(column) + 1);
      const text = value === undefined || Number.isNaN(value) ? "–" : figure.format(value);
      write(values[index], text);
      return `${label} ${text}`.trim();
    });
    if (row < 0) canvas.setAttribute("aria-label", `${figure.title}: ${told.join(", ")}`);
  }
}
