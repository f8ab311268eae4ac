// The open connections of a proxy, and closing them.

import { call, connectionPath, get } from "./api.js";
import { byId, make, say, write } from "./dom.js";
import { bytes, count, span } from "./format.js";

const ROWS = 100; // the oldest; GET /connections tells more

class Row {
  constructor(actions) {
    const cell = (label, flavor) => make("td", { "data-label": label, class: flavor });
    this.id = make("th", { scope: "row" });
    this.client = cell("Client", "client");
    this.state = make("span", { class: "badge" });
    this.why = make("small", {});
    this.age = cell("Age", "number");
    this.exchanges = cell("Exchanges", "number");
    this.received = cell("In", "number");
    this.sent = cell("Out", "number");
    this.last = cell("Last", "last");
    this.close = make("button", { type: "button", title: "Close it", click: () => actions.end(this, false) }, "Close");
    this.reset = make("button", { type: "button", class: "quiet", title: "Reset it (RST)", click: () => actions.end(this, true) }, "Reset");
    this.rules = make("button", { type: "button", class: "quiet", title: "Rules for this connection alone", click: () => actions.speakOf(this.connection) }, "Rules");
    const state = cell("State", "state");
    state.append(this.state, this.why);
    const buttons = make("td", { class: "actions" }, this.rules, this.reset, this.close);
    this.element = make("tr", {}, this.id, this.client, state, this.age, this.exchanges, this.received, this.sent, this.last, buttons);
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
    write(this.last, connection.last ?? "");
    this.last.title = connection.last ?? "";
  }
}

/** The table; `speakOf(connection)` sets rules for one alone. */
export class Connections {
  constructor(speakOf) {
    this.speakOf = speakOf;
    this.body = byId("connections-rows");
    this.rows = new Map();
    this.proxy = null;
  }

  /** Ask for those of one proxy, and show them. */
  async refresh(proxy) {
    if (proxy !== this.proxy) {
      this.proxy = proxy;
      this.show([], 0);
    }
    const told = await get(`connections?proxy=${encodeURIComponent(proxy)}&limit=${ROWS}`);
    if (proxy === this.proxy) this.show(told.connections, told.total);
    return told.connections;
  }

  show(shown, total) {
    const now = Date.now() / 1000;
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, row] of this.rows) if (!ids.has(id)) this.drop(id, row);
    shown.forEach((connection, place) => {
      let row = this.rows.get(connection.id);
      if (!row) this.rows.set(connection.id, row = new Row(this));
      row.show(connection, now);
      // Moving a row that is in its place already would take the focus off its buttons.
      if (this.body.children[place] !== row.element) this.body.insertBefore(row.element, this.body.children[place] ?? null);
    });
    const more = total - shown.length;
    write(byId("connections-count"), total ? `${count(total)} open${more ? `, the ${count(more)} latest not shown` : ""}` : "");
    byId("connections-empty").hidden = shown.length > 0;
    this.body.closest("table").hidden = shown.length === 0;
  }

  drop(id, row) {
    const focused = row.element.contains(document.activeElement);
    row.element.remove();
    this.rows.delete(id);
    if (focused) byId("connections").focus();
  }

  async end(row, reset) {
    const { id } = row.connection;
    row.close.disabled = row.reset.disabled = true;
    try {
      await call("DELETE", connectionPath(this.proxy, id, reset ? "&reset=1" : ""));
    } catch (error) {
      row.close.disabled = row.reset.disabled = false;
      // It ended by itself: that is what was wanted.
      if (error.status !== 404) return say(`connection ${id}: ${error.message}`);
    }
    await this.refresh(this.proxy);
    row.close.disabled = row.reset.disabled = false;
    return say(`connection ${id} is ${reset ? "reset" : "closed"}`);
  }
}
