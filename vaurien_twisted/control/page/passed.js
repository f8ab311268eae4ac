// Requests that pass, when they are asked for: the latest one of each open connection, once a second.

import { byId } from "./dom.js";

/** `take(text, left)` gets an entry as JSON, and how many requests were left out beside it. */
export class Passed {
  constructor(take) {
    this.take = take;
    this.box = byId("filter-passed");
    this.seen = new Map();
    this.proxy = null;
  }

  /** Look at the open connections of a proxy; `greets`: their exchange 0 is the backend's greeting. */
  look(proxy, open, greets) {
    if (proxy !== this.proxy || !this.box.checked) this.seen.clear();
    this.proxy = proxy;
    if (!this.box.checked) return;
    for (const { id, exchanges, last, client, waiting } of open) {
      const before = this.seen.get(id) ?? exchanges;
      this.seen.set(id, exchanges);
      if (exchanges <= before || waiting) continue;
      const entry = {
        time: Date.now() / 1000, kind: "passed", proxy, connection: id, exchange: exchanges - (greets ? 1 : 0),
        description: last, client, effect: "passed",
      };
      this.take(JSON.stringify(entry), exchanges - before - 1);
    }
    const there = new Set(open.map(({ id }) => id));
    for (const id of this.seen.keys()) if (!there.has(id)) this.seen.delete(id);
  }
}
