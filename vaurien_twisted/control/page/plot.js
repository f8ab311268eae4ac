// One moving plot on a canvas: lines of rates over the last minute.

const WINDOW = 60; // seconds
const LAG = 1.3; // The right edge is this far behind, so that a new point is there before it shows.
const GAP = 3.5; // Where points are further apart, nothing was measured.
const NICE = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** The least round number that is not below `value`. */
export function niceMax(value, least) {
  const wanted = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return NICE.find((factor) => factor * power >= wanted * 0.9999) * power;
}

/**
 * A plot.
 *
 * `series` has {column, color()} for each line, `format(value)` writes a number of the axis,
 * `least` is the smallest top of the axis.
 */
export class Plot {
  constructor(canvas, { series, format, least }) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.series = series;
    this.format = format;
    this.least = least;
    this.top = least;
    this.pointer = null;
    this.colors = null;
    this.size = [0, 0];
    new ResizeObserver(() => this.measure()).observe(canvas);
    canvas.addEventListener("pointermove", (event) => { this.pointer = event.offsetX; });
    canvas.addEventListener("pointerleave", () => { this.pointer = null; });
  }

  /** Its place on the page has changed. */
  measure() {
    const ratio = globalThis.devicePixelRatio || 1;
    this.size = [this.canvas.clientWidth, this.canvas.clientHeight];
    this.canvas.width = Math.round(this.size[0] * ratio);
    this.canvas.height = Math.round(this.size[1] * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.recolor();
  }

  /** The look has changed. */
  recolor() {
    const style = getComputedStyle(this.canvas);
    this.colors = {
      lines: this.series.map((each) => each.color()),
      text: style.color,
      grid: style.borderTopColor,
      ground: style.backgroundColor,
      font: `11px ${style.fontFamily}`,
    };
  }

  /** The row of `rates` nearest to the pointer, -1 for none. */
  pointed(rates, right) {
    if (this.pointer === null || !rates.length) return -1;
    const wanted = right - (1 - this.pointer / this.size[0]) * WINDOW;
    let best = -1;
    for (let row = 0; row < rates.length; row += 1) {
      const off = Math.abs(rates.at(row, 0) - wanted);
      if (off < 1 && (best < 0 || off < Math.abs(rates.at(best, 0) - wanted))) best = row;
    }
    return best;
  }

  /** Draw what is known as of `now`, in seconds; answers the pointed row. */
  draw(history, now, still) {
    const [width, height] = this.size;
    if (!width || !this.colors) return -1;
    const { context, colors } = this;
    const { rates, marks } = history;
    const right = now - LAG;
    const x = (time) => width - ((right - time) / WINDOW) * width;
    const bottom = height - 2;
    this.ease(rates, right, still);
    const y = (value) => bottom - (value / this.top) * (bottom - 16);
    context.clearRect(0, 0, width, height);
    this.grid(width, y);
    context.strokeStyle = colors.text;
    context.globalAlpha = 0.6;
    context.setLineDash([2, 3]);
    for (const time of marks) this.upright(x(time), 14, bottom);
    context.setLineDash([]);
    context.globalAlpha = 1;
    this.series.forEach((each, index) => {
      this.line(rates, each.column + 1, x, y, bottom, colors.lines[index]);
    });
    this.words(y);
    const row = this.pointed(rates, right);
    if (row >= 0) {
      context.strokeStyle = colors.text;
      this.upright(x(rates.at(row, 0)), 14, bottom);
    }
    return row;
  }

  ease(rates, right, still) {
    let highest = 0;
    for (let row = 0; row < rates.length; row += 1) {
      if (rates.at(row, 0) < right - WINDOW) continue;
      for (const each of this.series) {
        const value = rates.at(row, each.column + 1);
        if (value > highest) highest = value;
      }
    }
    const goal = niceMax(highest * 1.05, this.least);
    const near = Math.abs(goal - this.top) < goal * 0.002;
    this.top = still || near ? goal : this.top + (goal - this.top) * 0.2;
    this.goal = goal;
  }

  grid(width, y) {
    const { context, colors } = this;
    context.strokeStyle = colors.grid;
    context.lineWidth = 1;
    for (const value of [0, this.goal / 2, this.goal]) {
      const height = Math.round(y(value)) + 0.5;
      if (height < 8) continue;
      context.beginPath();
      context.moveTo(0, height);
      context.lineTo(width, height);
      context.stroke();
    }
  }

  /** What the lines of the grid stand for, legible before whatever is behind. */
  words(y) {
    const { context, colors } = this;
    context.font = colors.font;
    context.fillStyle = colors.text;
    context.strokeStyle = colors.ground;
    for (const value of [this.goal / 2, this.goal]) {
      const height = Math.round(y(value)) - 4;
      if (height < 4) continue;
      context.lineWidth = 3;
      context.strokeText(this.format(value), 0, height);
      context.fillText(this.format(value), 0, height);
    }
    context.lineWidth = 1;
  }

  upright(place, top, bottom) {
    const { context } = this;
    context.beginPath();
    context.moveTo(Math.round(place) + 0.5, top);
    context.lineTo(Math.round(place) + 0.5, bottom);
    context.stroke();
  }

  line(rates, column, x, y, bottom, color) {
    const { context } = this;
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = 1.75;
    context.lineJoin = "round";
    let run = [];
    const finish = () => {
      if (run.length) this.stroke(run, bottom);
      run = [];
    };
    let last = -Infinity;
    for (let row = 0; row < rates.length; row += 1) {
      const time = rates.at(row, 0);
      const value = rates.at(row, column);
      if (Number.isNaN(value) || time - last > GAP) finish();
      if (!Number.isNaN(value)) run.push([x(time), y(value)]);
      last = time;
    }
    finish();
  }

  stroke(run, bottom) {
    const { context } = this;
    context.beginPath();
    for (const [across, down] of run) context.lineTo(across, down);
    if (run.length === 1) context.lineTo(run[0][0] + 1, run[0][1]);
    context.stroke();
    context.lineTo(run.at(-1)[0], bottom);
    context.lineTo(run[0][0], bottom);
    context.globalAlpha = 0.1;
    context.fill();
    context.globalAlpha = 1;
  }
}
