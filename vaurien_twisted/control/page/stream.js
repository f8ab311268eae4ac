// The journal as it grows: server-sent events, read with fetch so that a token can go with
// the request, and begun again where they broke off.

import { send } from "./api.js";

const PATIENCE = 45_000; // The service sends a comment every 15 s at least.
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/** Takes a stream of text apart; `take(data, name)` gets each event's data and its name. */
export class EventReader {
  constructor(take) {
    this.lastId = "";
    this.take = take;
    this.rest = "";
    this.id = this.data = this.name = null;
  }

  push(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop();
    for (const line of lines) this.line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  line(line) {
    if (line === "") {
      if (this.id !== null) this.lastId = this.id;
      if (this.data !== null) this.take(this.data, this.name);
      this.id = this.data = this.name = null;
    } else if (line.startsWith("data:")) {
      const data = line.slice(line[5] === " " ? 6 : 5);
      this.data = this.data === null ? data : `${this.data}\n${data}`;
    } else if (line.startsWith("event:")) {
      this.name = line.slice(6).trim();
    } else if (line.startsWith("id:")) {
      this.id = line.slice(3).trim();
    }
  }
}

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/**
 * Read events for as long as the page is open.
 *
 * `since` is the journal's id to begin after; `tell(state)` hears "open" and "lost".
 */
export async function follow(since, take, tell) {
  let lastId = String(since);
  let wait = FIRST_WAIT;
  for (;;) {
    const stop = new AbortController();
    let watch = 0;
    const alive = () => {
      clearTimeout(watch);
      watch = setTimeout(() => stop.abort(), PATIENCE);
    };
    try {
      alive();
      const response = await send(`events?since=${encodeURIComponent(lastId)}`, {
        headers: { Accept: "text/event-stream", "Last-Event-ID": lastId },
        signal: stop.signal,
      });
      if (!response.ok) throw new Error(`/events answered ${response.status}`);
      tell("open");
      wait = FIRST_WAIT;
      const reader = new EventReader(take);
      reader.lastId = lastId;
      const source = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await source.read();
        if (done) break;
        alive();
        reader.push(value);
        lastId = reader.lastId;
      }
    } catch { /* told below, and tried again */ }
    clearTimeout(watch);
    tell("lost");
    await pause(wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}
