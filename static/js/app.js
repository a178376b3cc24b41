/* app.js: what the pages gain when scripts run. Every act works without it.
   Elements ask for help with data attributes; nothing here knows a page. */
import { copy } from "./copy.js";
import { all, announce, wanted } from "./dom.js";
import { startHolds } from "./holds.js";
import { onKey, showDialog } from "./keys.js";
import { afterSwap, fold, isPoll, keepFromStrangers } from "./live.js";
import { clearPicks, pickRange, showPicked } from "./picks.js";
import { comeBack, goToPart, keepPlace, openPart } from "./rows.js";
import { guardSubmit, release, releaseAll } from "./sending.js";

document.documentElement.dataset.script = "on";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-text]");
  if (button) copy(button);
  const opener = event.target.closest("[data-show]");
  if (opener) showDialog(opener.dataset.show);
  openPart(event);
  const clear = event.target.closest("[data-clear]");
  if (clear) clearPicks(clear.form);
  if (event.target.closest("[data-all]")) showPicked(event.target.form);
  pickRange(event);
});
document.addEventListener("click", fold, true);
document.addEventListener("reset", (event) => setTimeout(() => showPicked(event.target)));
document.addEventListener("submit", guardSubmit, true);
document.addEventListener("submit", (event) => keepPlace(event.target), true);
window.addEventListener("hashchange", goToPart);
document.addEventListener("keydown", onKey);
document.addEventListener("htmx:afterRequest", (event) => release(event.target.closest("form")));
document.addEventListener("htmx:validation:halted", (event) => release(event.target.closest("form")));
document.addEventListener("htmx:beforeSwap", keepFromStrangers);
document.addEventListener("htmx:afterSettle", afterSwap);
document.addEventListener("htmx:responseError", (event) => isPoll(event) || announce("That did not work. Nothing was shown as changed; load the page to see how things stand."));
document.addEventListener("htmx:sendError", (event) => isPoll(event) || announce("No connection. Nothing was sent."));
window.addEventListener("pageshow", () => {
  releaseAll();
  all("form").forEach(showPicked);
});

startHolds(document);
for (const tab of all(".tabs [aria-current]")) tab.parentElement.scrollLeft += tab.getBoundingClientRect().left - tab.parentElement.getBoundingClientRect().left - 16;
all("form").forEach(showPicked);
comeBack();
goToPart();
const firstButton = document.querySelector("[data-first]");
if (firstButton) (firstButton.form.querySelector("select") ?? firstButton).focus();
wanted(document)?.focus();
