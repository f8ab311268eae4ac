// What the page says and does while the service does not answer.

import { byId, write } from "./dom.js";
import { clock } from "./format.js";

let answered = 0; // when it answered last, in ms since 1970

/** The service has answered: what rests goes on. */
export function isThere() {
  answered = Date.now();
  if (!byId("gone").hidden) rest(false);
}

/** The service does not answer: say so large, and let what needs it rest. */
export function isGone(why) {
  const last = answered ? `It answered last at ${clock(answered / 1000).slice(0, 8)}.` : "It has not answered yet.";
  write(byId("gone-why"), `${last} The page asks again every second (${why}).`);
  if (byId("gone").hidden) rest(true);
}

function rest(gone) {
  byId("gone").hidden = !gone;
  document.body.classList.toggle("resting", gone);
  for (const each of document.querySelectorAll("[data-rests]")) each.inert = gone;
}
