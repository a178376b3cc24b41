/* keys.js: the keyboard map. A key's own button carries data-key, a place to go data-go. */
import { all } from "./dom.js";
import { focusIn, move, moveToCause, rowHere } from "./rows.js";

let goUntil = 0;

function tickHere(range) {
  const box = rowHere()?.querySelector("[data-pick]:not(:disabled)");
  if (!box) return;
  box.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: range }));
}

function tickAlone(button) {
  const form = button.form;
  if (!("rowAct" in button.dataset) || form.querySelector("[data-pick]:checked, [data-all]:checked")) return;
  const box = rowHere()?.querySelector("[data-pick]:not(:disabled)");
  if (!box) return;
  box.checked = true;
  form.querySelector("[data-solo]").value = "1";
}

// A cause has no fix of its own: it stands on the first of its exceptions.
function pageOf(row) {
  return row?.dataset.firstCase ?? row?.querySelector("th a:not(.fold), td a:not(.fold)")?.href;
}

function fix() {
  const page = pageOf(rowHere());
  if (page) location.assign(`${page}#fix`);
  else focusIn(document.getElementById("fix"));
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: () => tickHere(false),
  X: () => tickHere(true),
  e: () => rowHere()?.querySelector(".fold")?.click(),
  f: fix,
  n: moveToCause,
  g: () => { goUntil = Date.now() + 1500; },
  "/": () => document.getElementById("search")?.focus(),
  "?": () => showDialog("keys"),
};

export function showDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  // Only what works on this page is listed.
  for (const line of all("[data-needs]", dialog)) line.hidden = !document.querySelector(line.dataset.needs);
  dialog.showModal();
}

function isTyping(target) {
  return target.isContentEditable || target.closest("textarea, select, input:not([type=checkbox], [type=radio])");
}

export function onKey(event) {
  if (document.body.dataset.keys === "off" || event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  if (isTyping(event.target)) return;
  if (takeKey(event)) event.preventDefault();
}

function takeKey(event) {
  const { key, target } = event;
  if (goUntil > Date.now() && key !== "g") {
    goUntil = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
    link?.click();
    return Boolean(link);
  }
  if (key === "Enter") {
    // Only on the row itself: on a link or a button inside it, Enter is theirs.
    if (target !== rowHere()) return false;
    const page = pageOf(target);
    if (page) location.assign(page);
    return true;
  }
  if (pressButton(key)) return true;
  if (!Object.hasOwn(keys, key)) return false;
  keys[key]();
  return true;
}

function pressButton(key) {
  const selector = `[data-key="${CSS.escape(key)}"]:not(:disabled)`;
  const near = rowHere()?.querySelector(selector);
  const found = near ? [near] : all(selector).filter((button) => button.offsetParent);
  if (key === "Escape" && found.length === 1 && leavesAnswers(found[0])) return document.activeElement.blur() ?? true;
  if (found.length === 1) press(found[0]);
  // Which one was meant is not for us to guess.
  if (found.length > 1) found[0].focus();
  return found.length > 0;
}

// A link away from where one answers is followed by the next press only.
function leavesAnswers(button) {
  const part = document.activeElement.closest("form, #fix");
  return button.matches("a") && part && !part.contains(button);
}

function press(button) {
  if (button.form) tickAlone(button);
  button.click();
}
