/* holds.js: the time in which an approved change can be taken back.
   data-until is its end, data-now the server's clock when it drew the page. */
import { all, announce } from "./dom.js";

const holds = new Map();

export function startHolds(from) {
  for (const hold of all("[data-until]", from)) {
    if (holds.has(hold)) continue;
    const end = Date.parse(hold.dataset.until);
    if (Number.isNaN(end)) continue;
    const serverNow = Date.parse(hold.dataset.now);
    const skew = Number.isNaN(serverNow) ? 0 : serverNow - Date.now();
    holds.set(hold, { end: end - skew, spoken: "" });
    showHold(hold);
  }
}

function showHold(hold) {
  const state = holds.get(hold);
  const seconds = Math.max(0, Math.ceil((state.end - Date.now()) / 1000));
  const words = hold.querySelector("[data-left]");
  if (words) words.textContent = seconds ? `in ${lasting(seconds)}` : "now";
  const bar = hold.querySelector("progress");
  if (bar) bar.value = seconds;
  speakHold(hold, state, seconds);
  if (seconds === 0) endHold(hold);
}

function lasting(seconds) {
  if (seconds <= 120) return `${seconds} s`;
  return seconds <= 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}

function speakHold(hold, state, seconds) {
  const moment = seconds === 0 ? "over" : seconds <= 10 ? "last" : "start";
  if (state.spoken === moment) return;
  state.spoken = moment;
  const words = {
    start: `Leaves in ${seconds} seconds. You can take it back until then.`,
    last: `${seconds} seconds left to take it back.`,
    over: "The time to take it back has passed.",
  };
  announce(words[moment]);
}

function endHold(hold) {
  holds.delete(hold);
  delete hold.dataset.until;
  for (const button of all("form button", hold)) button.disabled = true;
  // A page that wants to show what was sent listens with hx-trigger="hold-over".
  hold.dispatchEvent(new CustomEvent("hold-over", { bubbles: true }));
}

setInterval(() => {
  for (const hold of [...holds.keys()]) {
    if (hold.isConnected) showHold(hold);
    else holds.delete(hold);
  }
}, 500);
