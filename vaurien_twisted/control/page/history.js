// What the service remembers of the last ten minutes: a row of rates each second, and what was set.

import { get } from "./api.js";

const OLD = 15; // s: older rows say nothing of now
const FRESH = 6; // s

/** The rows of one proxy, oldest first: the time in seconds, then the columns. */
export class ProxyHistory {
  constructor() {
    this.rows = [];
    this.marks = [];
    this.columns = [];
  }

  /** Take what the service told in addition. */
  take({ rows, marks, columns, kept }) {
    this.columns = columns;
    this.rows.push(...rows);
    this.rows.splice(0, this.rows.length - kept);
    this.marks.push(...marks);
    const first = this.rows[0]?.[0] ?? 0;
    this.marks = this.marks.filter(({ time }) => time >= first - 1);
  }

  /** Which number of a row is that of a column. */
  place(column) {
    return this.columns.indexOf(column);
  }

  /**
   * The newest number of a column, null where there is none or it is old.  Durations are those
   * of the last seconds: with few requests most seconds have none.
   */
  latest(column, now) {
    const place = this.place(column);
    const last = this.rows.at(-1);
    if (!last || now - last[0] > OLD) return null;
    for (let row = this.rows.length - 1; row >= 0 && now - this.rows[row][0] < FRESH; row -= 1) {
      if (this.rows[row][place] !== null) return this.rows[row][place];
    }
    return last[place];
  }
}

/** The histories of the proxies that were looked at. */
export class History {
  constructor() {
    this.kept = new Map();
  }

  of(name) {
    return this.kept.get(name);
  }

  /** Ask for what is new of one proxy. */
  async follow(name) {
    const own = this.kept.get(name) ?? new ProxyHistory();
    const since = own.rows.at(-1)?.[0] ?? 0;
    const told = await get(`history?proxy=${encodeURIComponent(name)}&since=${since}`);
    // Two answers may be under way at once: only the first tells something new.
    if ((own.rows.at(-1)?.[0] ?? 0) === since) own.take(told);
    this.kept.set(name, own);
  }

  /** Forget the proxies that are gone. */
  keep(names) {
    for (const name of this.kept.keys()) if (!names.includes(name)) this.kept.delete(name);
  }
}
