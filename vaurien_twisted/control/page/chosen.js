// The chosen proxy: its heading, and what can be done with it as a whole.

import { call } from "./api.js";
import { byId, write } from "./dom.js";
import { short } from "./format.js";
import { stateOf } from "./proxies.js";
import { removeProxy } from "./restore.js";
import { toast } from "./toast.js";

/** The heading; `changed(name)` is called when the proxies are others, `name` is to be chosen then. */
export class Chosen {
  constructor({ changed, edit, copy }) {
    this.changed = changed;
    this.proxy = null;
    const actions = { edit: () => edit(this.proxy), switch: () => this.switch(), copy: () => copy(this.proxy), delete: () => this.remove() };
    for (const [name, act] of Object.entries(actions)) {
      byId(`proxy-${name}`).addEventListener("click", () => this.proxy && act());
    }
  }

  show(proxy) {
    this.proxy = proxy;
    const [state, words] = stateOf(proxy);
    write(byId("chosen-title"), proxy.name);
    write(byId("chosen-protocol"), proxy.protocol);
    write(byId("chosen-way"), `${proxy.listen} → ${proxy.upstream}`);
    const badge = byId("chosen-state");
    write(badge, words);
    badge.dataset.state = byId("chosen").dataset.state = state;
    const failed = proxy.connectFailures ? ` · ${short(proxy.connectFailures)} could not connect` : "";
    write(byId("chosen-figures"), `${short(proxy.open)} open · ${short(proxy.faults)} ${proxy.faults === 1 ? "fault" : "faults"}${failed}`);
    write(byId("proxy-switch"), proxy.enabled ? "Switch off" : "Switch on");
  }

  async switch() {
    const { name, enabled } = this.proxy;
    const path = `proxies/${encodeURIComponent(name)}`;
    const set = (wanted) => call("POST", path, { enabled: wanted }).then(() => this.changed(name));
    try {
      await set(!enabled);
    } catch (error) {
      toast(`${name} stays as it is: ${error.message}`);
      return;
    }
    const undo = async () => {
      await set(enabled);
      return `${name} is switched ${enabled ? "on" : "off"} again`;
    };
    toast(enabled ? `${name} is switched off: clients are refused` : `${name} is switched on`, undo);
  }

  async remove() {
    const { name } = this.proxy;
    let again;
    try {
      again = await removeProxy(name);
    } catch (error) {
      toast(`${name} is not deleted: ${error.message}`);
      return;
    }
    await this.changed(null);
    toast(`${name} is deleted, and its connections are closed`, async () => {
      await again();
      await this.changed(name);
      return `${name} is there again`;
    });
  }
}
