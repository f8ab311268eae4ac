// Requests that pass unchanged, when they are asked for.  The service keeps them while this asks.

import { get } from "./api.js";
import { byId } from "./dom.js";

const AT_FIRST = 100; // what the service may still have from somebody who asked before
const PATIENCE = 2; // s: a request is shown that long after it came, answered or not

/** `take(text, left)` gets an entry as JSON, and how many requests the service left out before it. */
export class Passed {
  constructor(take) {
    this.take = take;
    this.box = byId("filter-passed");
    this.box.addEventListener("input", () => this.look(this.proxy));
    this.proxy = null;
    this.forget();
  }

  forget() {
    this.since = null;
    this.waiting = new Set();
  }

  /** Ask for what passed on a proxy since the last look. */
  async look(proxy) {
    if (proxy !== this.proxy || !this.box.checked) this.forget();
    this.proxy = proxy;
    if (!this.box.checked || !proxy) return;
    const { since } = this;
    // Those that had not been answered yet are asked for again.
    const from = Math.min(since ?? 0, ...[...this.waiting].map((id) => id - 1));
    const query = { proxy, since: from, ...(since === null ? { limit: AT_FIRST } : {}) };
    const told = await get(`passed?${new URLSearchParams(query)}`);
    // Meanwhile there may be another proxy, or another answer.
    if (proxy !== this.proxy || since !== this.since || !this.box.checked) return;
    const now = Date.now() / 1000;
    const before = this.waiting;
    this.waiting = new Set();
    this.since = told.last;
    let left = told.missed;
    for (const entry of told.passed) {
      if (entry.id <= (since ?? 0) && !before.has(entry.id)) continue;
      const { came, duration } = entry.timing;
      if (duration === undefined && now - came < PATIENCE) {
        this.waiting.add(entry.id);
        continue;
      }
      this.take(JSON.stringify({ ...entry, kind: "passed", time: came }), left);
      left = 0;
    }
  }
}
