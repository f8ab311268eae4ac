// The experiment that this Vaurien takes part in: its phases on the plots, and a line about it.

import { get } from "./api.js";
import { byId, write } from "./dom.js";
import { span } from "./format.js";

const OUTCOMES = {
  held: "its conditions held", broken: "a condition was broken", unknown: "a condition could not be judged",
  halted: "it was halted", lost: "its runner was lost",
};
const RECENT = 60; // s: so long the outcome of the last one is told

/** How a running experiment, or one that has just ended, is told in a line; "" for none. */
function line(running, past, now) {
  if (running) {
    const phases = running.phases.filter(({ end }) => end === null);
    const doing = phases.map(({ name, what, begin }) => `${name}${what && what !== name ? ` (${what})` : ""} for ${span(Math.max(0, now - begin))}`);
    return [`Experiment ${running.title}`, ...doing].join(" · ");
  }
  const last = past.at(-1);
  const end = Math.max(0, ...(last?.phases ?? []).map((phase) => phase.end ?? 0));
  if (!last || now - end > RECENT) return "";
  return `Experiment ${last.title} is over: ${OUTCOMES[last.outcome] ?? last.outcome}`;
}

/** Ask for the experiment; answers its phases and those of the ones before, as the plots take them. */
export async function experimentPhases() {
  const { experiment, past } = await get("experiment");
  const told = line(experiment, past, Date.now() / 1000);
  write(byId("experiment"), told);
  byId("experiment").hidden = !told;
  return [...past, ...(experiment ? [experiment] : [])].flatMap(({ phases }) =>
    phases.map(({ name, begin, end }) => [begin, end, name]));
}
