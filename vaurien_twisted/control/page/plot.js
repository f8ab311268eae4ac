// One moving plot on a canvas: lines of rates over the last minutes.

const LAG = 2.2; // s: the right edge is this far behind, so that a new point is there before it shows
const GAP = 12; // s: where points are further apart, nothing was measured
const NICE = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
const FOOT = 16; // pixels below the lines, for the times
const HEAD = 16; // pixels above them
const NEAR = 6; // pixels: so close the pointer is at a mark

/** The least round number that is not below `value`. */
export function niceMax(value, least) {
  const wanted = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return NICE.find((factor) => factor * power >= wanted * 0.9999) * power;
}

const ago = (seconds) => (seconds < 120 ? `${seconds} s` : `${seconds / 60} m`);

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
    this.colors = null;
    this.size = [0, 0];
    new ResizeObserver(() => this.measure()).observe(canvas);
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
      phase: style.outlineColor,
      font: `11px ${style.fontFamily}`,
    };
  }

  /** The row nearest to the pointer, undefined for none; `fraction` is where that is, 0 to 1. */
  pointed(rows, right, span, fraction) {
    if (fraction === null) return undefined;
    const wanted = right - (1 - fraction) * span;
    const near = Math.max(1.5, span / 60);
    let best;
    for (const row of rows) {
      const off = Math.abs(row[0] - wanted);
      if (off < near && (!best || off < Math.abs(best[0] - wanted))) best = row;
    }
    return best;
  }

  /** The mark at the pointer, undefined for none. */
  markAt(marks, now, span, fraction) {
    if (fraction === null || !this.size[0]) return undefined;
    const perPixel = span / this.size[0];
    const wanted = now - LAG - (1 - fraction) * span;
    return marks.findLast(({ time }) => Math.abs(time - wanted) < NEAR * perPixel);
  }

  /**
   * Draw the last `span` seconds as of `now`; `fraction` is where the pointer is, or null, and
   * `phases` has [begin, end, name] of what runs.  Answers the pointed row.
   */
  draw(history, { now, span, still, fraction, phases = [] }) {
    const [width, height] = this.size;
    if (!width || !this.colors) return undefined;
    const { context, colors } = this;
    const { rows, marks } = history;
    const right = now - LAG;
    const x = (time) => width - ((right - time) / span) * width;
    const bottom = height - FOOT;
    this.ease(history, right - span, still);
    const y = (value) => bottom - (value / this.top) * (bottom - HEAD);
    context.clearRect(0, 0, width, height);
    this.phases(phases, x, width, bottom);
    this.grid(width, y);
    this.times(width, height, span);
    this.marks(marks, x, bottom);
    const first = rows.findIndex((row) => row[0] >= right - span - GAP);
    const shown = first < 0 ? [] : rows.slice(first);
    this.series.forEach((each, index) => {
      this.line(shown, history.place(each.column), x, y, bottom, colors.lines[index]);
    });
    this.words(y);
    const row = this.pointed(shown, right, span, fraction);
    if (row) {
      context.strokeStyle = colors.text;
      this.upright(x(row[0]), HEAD - 2, bottom);
    }
    return row;
  }

  ease(history, left, still) {
    let highest = 0;
    const places = this.series.map((each) => history.place(each.column));
    for (const row of history.rows) {
      if (row[0] < left) continue;
      for (const place of places) if (row[place] > highest) highest = row[place];
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

  /** The time axis. */
  times(width, height, span) {
    const { context, colors } = this;
    context.font = colors.font;
    context.fillStyle = colors.text;
    context.textAlign = "left";
    context.fillText(`${ago(span)} ago`, 0, height - 3);
    context.textAlign = "center";
    context.fillText(ago(span / 2), width / 2, height - 3);
    context.textAlign = "right";
    context.fillText("now", width, height - 3);
    context.textAlign = "left";
  }

  /** Where something was set. */
  marks(marks, x, bottom) {
    const { context, colors } = this;
    context.strokeStyle = context.fillStyle = colors.text;
    for (const { time } of marks) {
      const place = Math.round(x(time)) + 0.5;
      if (place < 0) continue;
      context.setLineDash([2, 3]);
      context.globalAlpha = 0.7;
      this.upright(place - 0.5, 6, bottom);
      context.globalAlpha = 1;
      context.setLineDash([]);
      context.beginPath();
      context.moveTo(place - 4, 1);
      context.lineTo(place + 4, 1);
      context.lineTo(place, 7);
      context.fill();
    }
  }

  /** What ran meanwhile, as bands with a name. */
  phases(phases, x, width, bottom) {
    const { context, colors } = this;
    context.font = colors.font;
    phases.forEach(([begin, end, name], index) => {
      const left = Math.max(0, x(begin));
      const right = Math.min(width, end === null ? width : x(end));
      if (right <= left) return;
      context.globalAlpha = index % 2 ? 0.16 : 0.28;
      context.fillStyle = colors.phase;
      context.fillRect(left, 0, right - left, bottom);
      context.globalAlpha = 1;
      context.fillStyle = colors.text;
      if (context.measureText(name).width < right - left - 4) context.fillText(name, left + 3, bottom - 4);
    });
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

  line(rows, place, x, y, bottom, color) {
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
    for (const row of rows) {
      const value = row[place];
      if (value === null || row[0] - last > GAP) finish();
      if (value !== null) run.push([x(row[0]), y(value)]);
      last = row[0];
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
