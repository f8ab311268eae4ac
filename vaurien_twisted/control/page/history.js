// What the counters did in the last minutes, one row of rates a second, for each proxy.

export const COLUMNS = ["up", "down", "exchanges", "faults", "failures", "open", "latency", "p50", "p95", "p99"];
const KEPT = 150; // seconds
const PROXIES = 200;

/** The latest rows of numbers; older ones are written over. */
export class Ring {
  constructor(columns, size) {
    this.columns = columns;
    this.size = size;
    this.cells = new Float64Array(columns * size);
    this.written = 0;
  }

  get length() {
    return Math.min(this.written, this.size);
  }

  push(row) {
    this.cells.set(row, (this.written % this.size) * this.columns);
    this.written += 1;
  }

  /** A number; row 0 is the oldest that is kept. */
  at(row, column) {
    const place = (this.written - this.length + row) % this.size;
    return this.cells[place * this.columns + column];
  }
}

function totals(proxy) {
  return {
    up: proxy.received?.upstream ?? 0,
    down: proxy.sent?.downstream ?? 0,
    exchanges: proxy.exchanges ?? 0,
    faults: proxy.faults ?? 0,
    failures: proxy.connectFailures ?? 0,
    seconds: proxy.duration?.sum ?? 0,
    ended: proxy.duration?.count ?? 0,
    buckets: proxy.duration?.buckets ?? [],
  };
}

/** Whether the service tells how long exchanges take. */
export const tellsLatency = (proxy) => proxy.duration !== undefined;

// From the upper bound of a bucket of durations to its middle.
const MIDDLE = 0.97;
const LONGEST = 86400; // seconds

/** Percentiles of the durations that buckets have gained: [[bound, count], …], ascending. */
export function percentiles(before, after, wanted) {
  const old = new Map(before);
  const gained = after.map(([bound, count]) => [bound, Math.max(0, count - (old.get(bound) ?? 0))]);
  const total = gained.reduce((sum, [, count]) => sum + count, 0);
  return wanted.map((percent) => {
    let left = Math.max(1, Math.ceil((total * percent) / 100));
    const found = gained.find(([, count]) => (left -= count) <= 0);
    return found ? (found[0] ?? LONGEST) * MIDDLE : NaN;
  });
}

/** Rates of each proxy, and when its rules changed. */
export class History {
  constructor() {
    this.kept = new Map();
  }

  /** What is known of one proxy: {rates, marks}. */
  of(name) {
    return this.kept.get(name);
  }

  /** Take in the state as of `now`, in seconds. */
  take(proxies, now) {
    for (const proxy of proxies.slice(0, PROXIES)) {
      const rules = JSON.stringify(proxy.rules);
      const sums = totals(proxy);
      const own = this.kept.get(proxy.name);
      if (!own) {
        const rates = new Ring(COLUMNS.length + 1, KEPT);
        this.kept.set(proxy.name, { rates, marks: [], now, sums, rules, latest: {} });
        continue;
      }
      const elapsed = now - own.now;
      if (elapsed < 0.05) continue;
      own.latest = rate(own.sums, sums, elapsed, proxy.open ?? 0);
      own.rates.push([now, ...COLUMNS.map((name) => own.latest[name])]);
      if (rules !== own.rules) own.marks = [...own.marks, now].slice(-20);
      Object.assign(own, { now, sums, rules });
    }
    if (this.kept.size > proxies.length) {
      const names = new Set(proxies.map((proxy) => proxy.name));
      for (const name of this.kept.keys()) if (!names.has(name)) this.kept.delete(name);
    }
  }
}

function rate(before, after, elapsed, open) {
  // A service that was started anew counts from zero again.
  const grown = (name) => Math.max(0, after[name] - before[name]);
  const per = (name) => grown(name) / elapsed;
  const [p50, p95, p99] = percentiles(before.buckets, after.buckets, [50, 95, 99]);
  return {
    up: per("up"),
    down: per("down"),
    exchanges: per("exchanges"),
    faults: per("faults"),
    failures: per("failures"),
    open,
    // No exchange ended: there is no latency to tell, which is not one of zero.
    latency: grown("ended") ? grown("seconds") / grown("ended") : NaN,
    p50,
    p95,
    p99,
  };
}
