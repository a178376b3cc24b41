/* live.js: parts of a page that come later: a cause that unfolds, what is asked for while somebody
   looks (data-poll holds the seconds), and the same helpers for what htmx has put in. */
import { all, focusNear, wanted } from "./dom.js";
import { startHolds } from "./holds.js";
import { showPicked } from "./picks.js";

// A cause unfolds in place; folding again only hides what was read.
export function fold(event) {
  const link = event.target.closest("[data-fold]");
  const part = link && document.getElementById(link.dataset.fold);
  if (!part?.rows.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  part.hidden = !part.hidden;
  showFolded(link, part);
}

function showFolded(link, part) {
  link.setAttribute("aria-expanded", String(!part.hidden));
  link.setAttribute("aria-label", link.getAttribute("aria-label").replace(/^(Show|Hide)/, part.hidden ? "Show" : "Hide"));
}

for (const place of all("[data-poll]")) {
  setInterval(() => {
    if (document.visibilityState === "visible") window.htmx?.trigger(place, "poll");
  }, Number(place.dataset.poll) * 1000);
}

// What is only looked for in the background fails in silence; the next time it may work.
export function isPoll(event) {
  const told = event.detail.elt?.dataset ?? {};
  return "poll" in told || "quiet" in told;
}

// Signed out meanwhile: the sign-in page that answers must not land inside this one.
export function keepFromStrangers(event) {
  const { xhr, pathInfo } = event.detail;
  const asked = new URL(pathInfo.finalRequestPath ?? pathInfo.requestPath, location);
  if (!xhr.responseURL || new URL(xhr.responseURL).pathname === asked.pathname) {
    if (isPoll(event)) tellOnce(event);
    return;
  }
  event.detail.shouldSwap = false;
  if (isPoll(event)) return;
  const words = document.createElement("p");
  words.className = "alert bad";
  words.setAttribute("role", "alert");
  words.textContent = "You are signed out. Nothing was sent. Sign in again in another tab, then repeat it here.";
  document.getElementById("messages")?.replaceChildren(words);
}

// The same answer again is not put in again: it would be read aloud again.
function tellOnce({ detail, target }) {
  if (target.dataset.told === detail.xhr.responseText) detail.shouldSwap = false;
  else target.dataset.told = detail.xhr.responseText;
}

export function afterSwap(event) {
  const target = event.target;
  startHolds(document);
  all("form").forEach(showPicked);
  for (const link of all("[data-fold]")) {
    const part = document.getElementById(link.dataset.fold);
    if (part?.rows.length) showFolded(link, part);
  }
  // Nobody asked for it: the focus stays where the reader is.
  if (target.closest?.("[data-poll]")) return;
  const summary = wanted(target);
  if (summary) summary.focus();
  else if (document.activeElement === document.body) focusNear(target);
}
