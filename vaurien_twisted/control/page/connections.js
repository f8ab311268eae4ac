// The open connections of a proxy, and closing them.

import { call, connectionPath, get } from "./api.js";
import { byId, make, say, write } from "./dom.js";
import { bytes, count, span } from "./format.js";

const ROWS = 100; // the oldest; GET /connections tells more

class Row {
  constructor(actions) {
    const cell = (label, flavor) => make("td", { "data-label": label, class: flavor });
    const button = (text, title, click) => make("button", {
      type: "button", class: "quiet", title, click: () => this.ended || this.busy || click(),
    }, text);
    this.ended = this.busy = false;
    this.id = make("th", { scope: "row" });
    this.client = cell("Client", "client");
    this.state = make("span", { class: "badge" });
    this.why = make("small", {});
    this.age = cell("Age", "number");
    this.exchanges = cell("Exchanges", "number");
    this.received = cell("Received", "number");
    this.sent = cell("Sent", "number");
    this.last = make("button", { type: "button", class: "text", "aria-expanded": "false", title: "Show it whole", click: () => this.unfold() });
    this.close = button("Close", "Close it after the bytes that were already written", () => actions.end(this, false));
    this.close.className = "";
    this.reset = button("Reset", "Reset it (RST)", () => actions.end(this, true));
    this.rules = button("Rules", "Rules for this connection alone", () => actions.speakOf(this.connection));
    this.lastCell = cell("Last", "last");
    this.lastCell.append(this.last);
    const state = cell("State", "state");
    state.append(this.state, this.why);
    const buttons = make("td", { class: "actions" }, this.rules, this.reset, this.close);
    this.element = make("tr", {}, this.id, this.client, state, this.age, this.exchanges, this.received, this.sent, this.lastCell, buttons);
  }

  show(connection, now) {
    const { id, waiting } = connection;
    if (this.connection?.id !== id) {
      this.close.setAttribute("aria-label", `Close connection ${id}`);
      this.reset.setAttribute("aria-label", `Reset connection ${id}`);
      this.rules.setAttribute("aria-label", `Rules for connection ${id} alone`);
    }
    this.connection = connection;
    write(this.id, String(id));
    write(this.client, connection.client);
    write(this.state, connection.state);
    this.state.dataset.state = connection.state;
    const why = [waiting && `${waiting.command} · ${waiting.rule}`, connection.own?.length && "rules of its own"];
    write(this.why, why.filter(Boolean).join(" · "));
    this.why.title = this.why.textContent;
    write(this.age, span(Math.max(0, now - connection.since)));
    write(this.exchanges, count(connection.exchanges));
    write(this.received, bytes(connection.received));
    write(this.sent, bytes(connection.sent));
    this.showLast(connection.last ?? "");
  }

  showLast(text) {
    const open = this.last.getAttribute("aria-expanded") === "true";
    // Another request has taken its place, of which the beginning is enough.
    if (open && text !== this.shortened) this.fold();
    if (!open || text !== this.shortened) write(this.last, text);
    this.shortened = text;
    this.last.hidden = !text;
  }

  fold() {
    this.last.setAttribute("aria-expanded", "false");
    this.lastCell.classList.remove("whole");
    write(this.last, this.shortened);
  }

  /** Show the latest request whole, or only its beginning again. */
  async unfold() {
    if (this.last.getAttribute("aria-expanded") === "true") return this.fold();
    this.last.setAttribute("aria-expanded", "true");
    this.lastCell.classList.add("whole");
    const { proxy, id, exchanges } = this.connection;
    if (!this.shortened.endsWith("...")) return undefined;
    const { shortened } = this;
    try {
      const told = await get(`explain?${new URLSearchParams({ proxy, connection: id, exchange: exchanges })}`);
      const whole = told.whole?.description;
      if (whole && shortened === this.shortened) write(this.last, whole);
    } catch { /* what the list has of it is shown */ }
    return undefined;
  }

  /** It is over; its row stays for a while. */
  end() {
    this.ended = true;
    this.element.classList.add("ended");
    write(this.state, "ended");
    this.state.dataset.state = "closing";
    write(this.why, "");
    for (const each of [this.close, this.reset, this.rules]) each.setAttribute("aria-disabled", "true");
  }
}

/** The table; `speakOf(connection)` sets rules for one alone. */
export class Connections {
  constructor(speakOf) {
    this.speakOf = speakOf;
    this.body = byId("connections-rows");
    this.rows = new Map();
    this.proxy = null;
    this.body.addEventListener("pointerleave", () => this.settle());
    this.body.addEventListener("focusout", () => setTimeout(() => this.settle()));
  }

  /** Ask for those of one proxy, and show them. */
  async refresh(proxy) {
    if (proxy !== this.proxy) {
      this.proxy = proxy;
      for (const row of this.rows.values()) row.element.remove();
      this.rows.clear();
      this.show([], 0);
    }
    const told = await get(`connections?proxy=${encodeURIComponent(proxy)}&limit=${ROWS}`);
    if (proxy === this.proxy) this.show(told.connections, told.total);
    return told.connections;
  }

  /** Whether a row that goes would bring the next one under the pointer or away from the focus. */
  get held() {
    return this.body.matches(":hover") || this.body.querySelector(":focus-visible") !== null;
  }

  show(shown, total) {
    const now = Date.now() / 1000;
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, row] of this.rows) if (!ids.has(id) && !row.ended) row.end();
    this.settle();
    for (const connection of shown) {
      let row = this.rows.get(connection.id);
      if (!row) {
        this.rows.set(connection.id, row = new Row(this));
        this.body.append(row.element);
      }
      row.show(connection, now);
    }
    const more = total - shown.length;
    write(byId("connections-count"), total ? `${count(total)} open${more > 0 ? `, the ${count(more)} latest not shown` : ""}` : "");
    byId("connections-empty").hidden = this.rows.size > 0;
    this.body.closest("table").hidden = this.rows.size === 0;
  }

  /** Take out what has ended, once that disturbs nobody. */
  settle() {
    if (this.held) return;
    for (const [id, row] of this.rows) {
      if (!row.ended) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    byId("connections-empty").hidden = this.rows.size > 0;
    this.body.closest("table").hidden = this.rows.size === 0;
  }

  async end(row, reset) {
    const { id } = row.connection;
    row.busy = true;
    try {
      await call("DELETE", connectionPath(this.proxy, id, reset ? "&reset=1" : ""));
    } catch (error) {
      // It ended by itself: that is what was wanted.
      if (error.status !== 404) return say(`connection ${id}: ${error.message}`);
    } finally {
      row.busy = false;
    }
    await this.refresh(this.proxy);
    return say(`connection ${id} is ${reset ? "reset" : "closed"}`);
  }
}
