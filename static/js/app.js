/* app.js: what the pages gain when scripts run. Every act works without it.
   Elements ask for help with data attributes; nothing here knows a page. */
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

document.documentElement.dataset.script = "on";

function announce(words) {
  const place = document.getElementById("announcer");
  if (!place) return;
  // The same words twice are read only if the text was empty in between.
  place.textContent = "";
  setTimeout(() => { place.textContent = words; }, 50);
}

/* Copy: data-copy="#id" copies that element's words, data-copy-text="…" its own value. */

async function copy(button) {
  const source = button.dataset.copy && document.querySelector(button.dataset.copy);
  const words = source ? source.innerText.trim() : button.dataset.copyText;
  if (!words) return;
  const copied = await writeToClipboard(words);
  announce(copied ? "Copied" : "The browser did not allow copying. Select the words and copy them.");
  if (copied) button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 2000);
}

async function writeToClipboard(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    // Without https there is no clipboard API; the old way needs a field to select.
    const field = document.createElement("textarea");
    field.className = "sr";
    field.value = words;
    document.body.append(field);
    const before = document.activeElement;
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    before?.focus();
    return copied;
  }
}

/* Undo hold: data-until (end) and data-now (the server's clock when it drew the page). */

const holds = new Map();

function startHolds(from) {
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
  if (words) words.textContent = seconds ? `in ${seconds} s` : "now";
  const bar = hold.querySelector("progress");
  if (bar) bar.value = seconds;
  speakHold(hold, state, seconds);
  if (seconds === 0) endHold(hold);
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

/* One click sends once. data-repeat on a form lets it be sent again (a download, a filter). */

const sending = new Map();

function guardSubmit(event) {
  const form = event.target;
  if (form.getAttribute("method")?.toLowerCase() !== "post" || "repeat" in form.dataset) return;
  if (sending.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  sending.set(form, { button: event.submitter, timer: setTimeout(() => showSending(form), 300) });
}

function showSending(form) {
  const state = sending.get(form);
  const button = state?.button;
  if (!button) return;
  state.label = [...button.childNodes];
  button.style.minWidth = `${button.offsetWidth}px`;
  button.setAttribute("aria-busy", "true");
  button.replaceChildren("Sending…");
  announce("Sending");
}

function release(form) {
  const state = sending.get(form);
  if (!state) return;
  clearTimeout(state.timer);
  sending.delete(form);
  if (!state.label) return;
  state.button.replaceChildren(...state.label);
  state.button.removeAttribute("aria-busy");
  state.button.style.minWidth = "";
}

/* Selection: count and sum of the ticked rows, before anything is asked for. */

function showPicked(form) {
  const bar = form?.querySelector("[data-selbar]");
  if (!bar) return;
  const picks = all("[data-pick]", form);
  const isAll = Boolean(form.querySelector("[data-all]")?.checked);
  for (const pick of picks) pick.closest("tr")?.classList.toggle("is-picked", isAll || pick.checked);
  const ticked = isAll ? [] : picks.filter((pick) => pick.checked && !isInTickedCause(pick));
  const count = bar.querySelector("[data-picked]");
  if (count) count.textContent = isAll ? "All that match are selected." : pickedWords(ticked, picks);
  const sum = bar.querySelector("[data-picked-sum]");
  if (sum) sum.textContent = sumOf(ticked);
}

// An exception whose whole cause is ticked is counted with its cause, once.
function isInTickedCause(pick) {
  const cause = pick.closest("tbody[id^=cause-]")?.id.slice(6);
  return Boolean(cause && pick.form.querySelector(`[name=group][value="${CSS.escape(cause)}"]:checked`));
}

function pickedWords(ticked, picks) {
  if (!ticked.length) return "Tick the rows to act on.";
  if (!picks.some((pick) => pick.dataset.count)) return `${ticked.length} of ${picks.length} selected.`;
  return `${ticked.reduce((sum, pick) => sum + Number(pick.dataset.count ?? 1), 0)} selected.`;
}

function clearPicks(form) {
  for (const pick of all("[data-pick], [data-all]", form)) pick.checked = false;
  showPicked(form);
}

function sumOf(ticked) {
  const totals = new Map();
  for (const { dataset } of ticked) {
    if (!dataset.amount) return "";
    totals.set(dataset.currency, (totals.get(dataset.currency) ?? 0n) + tenThousandths(dataset.amount));
  }
  return [...totals].map(([currency, total]) => moneyText(total, currency)).join(" and ");
}

// Whole numbers of 0.0001, because binary fractions would lose a penny.
function tenThousandths(digits) {
  const [whole, part = ""] = digits.replace("-", "").split(".");
  const units = BigInt(whole + part.padEnd(4, "0").slice(0, 4));
  return digits.startsWith("-") ? -units : units;
}

function moneyText(units, currency) {
  const above = units < 0n ? -units : units;
  const digits = `${above / 10000n}.${String(above % 10000n).padStart(4, "0")}`;
  const sign = units < 0n ? "−" : "";
  if (!currency) return sign + digits;
  // A text is formatted to the last digit, where a number would pass through binary fractions.
  return sign + new Intl.NumberFormat("en-GB", { style: "currency", currency }).format(digits);
}

let lastPick = null;

function pickRange(event) {
  const pick = event.target.closest?.("[data-pick]");
  if (!pick) return;
  if (event.shiftKey && lastPick?.form === pick.form && lastPick?.isConnected) {
    const picks = all("[data-pick]:not(:disabled)", pick.form);
    const [from, to] = [picks.indexOf(lastPick), picks.indexOf(pick)].sort((a, b) => a - b);
    for (const between of picks.slice(Math.max(from, 0), to + 1)) between.checked = pick.checked;
  }
  lastPick = pick;
  showPicked(pick.form);
}

/* Keys. Rows that can be walked carry tabindex="-1"; a key's own button carries data-key. */

const rows = () => all('main tr[tabindex="-1"]').filter((row) => row.offsetParent);
const rowHere = () => document.activeElement?.closest('main tr[tabindex="-1"]');
let lastRow = 0;
let goUntil = 0;

function move(step) {
  const list = rows();
  if (!list.length) return;
  const here = list.indexOf(rowHere());
  const next = here < 0 ? Math.min(lastRow, list.length - 1) : here + step;
  lastRow = Math.max(0, Math.min(list.length - 1, next));
  for (const row of list) row.classList.toggle("is-here", row === list[lastRow]);
  list[lastRow].focus();
}

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

function fix() {
  const link = rowHere()?.querySelector("th a:not(.fold), td a:not(.fold)");
  if (link) location.assign(`${link.href}#fix`);
  else focusIn(document.getElementById("fix"));
}

// The first thing to answer in a part of the page; its button when nothing is asked.
function focusIn(part) {
  for (const folded of all("details:has(form)", part ?? document.createElement("p"))) folded.open = true;
  const first = part?.querySelector("input:not([type=hidden]):checked, input:not([type=hidden], [type=radio]), select, textarea, button");
  (first ?? part)?.focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: () => tickHere(false),
  X: () => tickHere(true),
  e: () => rowHere()?.querySelector(".fold")?.click(),
  f: fix,
  g: () => { goUntil = Date.now() + 1500; },
  "/": () => document.getElementById("search")?.focus(),
  "?": () => showDialog("keys"),
};

function showDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  // Only what works on this page is listed.
  for (const line of all("[data-needs]", dialog)) line.hidden = !document.querySelector(line.dataset.needs);
  dialog.showModal();
}

function isTyping(target) {
  return target.isContentEditable || target.closest("textarea, select, input:not([type=checkbox], [type=radio])");
}

function onKey(event) {
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
    target.querySelector("th a:not(.fold), td a:not(.fold)")?.click();
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
  if (found.length === 1) press(found[0]);
  // Which one was meant is not for us to guess.
  if (found.length > 1) found[0].focus();
  return found.length > 0;
}

function press(button) {
  if (button.form) tickAlone(button);
  button.click();
}

/* The row one acts on: the act posts its id, and the page that follows comes back to it. */

const PLACE = "row-acted-on";

function keepPlace(form) {
  const field = form.querySelector("[data-at]");
  if (!field) return;
  const row = rowHere();
  field.value = row?.id ?? "";
  sessionStorage.setItem(PLACE, String(Math.max(0, rows().indexOf(row))));
}

// Back from an act: the same row; when it left the list, the one that took its place.
function comeBack() {
  const id = location.hash.slice(1);
  if (!id.startsWith("row-")) return;
  const list = rows();
  const same = list.find((row) => row.id === id);
  const place = same ? list.indexOf(same) : Number(sessionStorage.getItem(PLACE) ?? 0);
  const row = list[Math.min(place, list.length - 1)];
  if (!row) return focusNear(document.getElementById("main"));
  lastRow = list.indexOf(row);
  row.classList.add("is-here");
  row.focus();
}

function goToPart() {
  const part = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (part?.querySelector("form")) focusIn(part);
}

// At once, not when the address has changed: the next key may come before that.
function openPart(event) {
  const link = event.target.closest("a[href^='#']");
  const part = link && document.getElementById(link.hash.slice(1));
  if (!part?.matches(".panel, #fix") || !part.querySelector("form")) return;
  event.preventDefault();
  history.replaceState(null, "", link.hash);
  focusIn(part);
}

/* A cause unfolds in place; folding again only hides what was read. */

function fold(event) {
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

/* What is new is asked for while somebody looks: data-poll holds the seconds. */

for (const place of all("[data-poll]")) {
  setInterval(() => {
    if (document.visibilityState === "visible") window.htmx?.trigger(place, "poll");
  }, Number(place.dataset.poll) * 1000);
}

// What is only looked for in the background fails in silence; the next time it may work.
function isPoll(event) {
  return "poll" in (event.detail.elt?.dataset ?? {});
}

// Signed out meanwhile: the sign-in page that answers must not land inside this one.
function keepFromStrangers(event) {
  const { xhr, pathInfo } = event.detail;
  const asked = new URL(pathInfo.finalRequestPath ?? pathInfo.requestPath, location);
  if (!xhr.responseURL || new URL(xhr.responseURL).pathname === asked.pathname) return;
  event.detail.shouldSwap = false;
  if (isPoll(event)) return;
  const words = document.createElement("p");
  words.className = "alert bad";
  words.setAttribute("role", "alert");
  words.textContent = "You are signed out. Nothing was sent. Sign in again in another tab, then repeat it here.";
  document.getElementById("messages")?.replaceChildren(words);
}

/* After htmx has put something in: the same helpers, and focus that is not lost. */

function afterSwap(event) {
  const target = event.target;
  startHolds(document);
  all("form").forEach(showPicked);
  for (const link of all("[data-fold]")) {
    const part = document.getElementById(link.dataset.fold);
    if (part?.rows.length) showFolded(link, part);
  }
  const summary = target.querySelector?.("[data-focus]");
  if (summary) summary.focus();
  else if (document.activeElement === document.body) focusNear(target);
}

function focusNear(target) {
  const heading = target.querySelector?.("h1, h2, h3") ?? target.closest?.("section, main")?.querySelector("h1, h2, h3");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

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
// A page brought back by the Back button may still hold its "Sending…".
window.addEventListener("pageshow", () => {
  [...sending.keys()].forEach(release);
  all("form").forEach(showPicked);
});

startHolds(document);
all("form").forEach(showPicked);
comeBack();
goToPart();
const firstButton = document.querySelector("[data-first]");
if (firstButton) (firstButton.form.querySelector("select") ?? firstButton).focus();
document.querySelector("[data-focus]")?.focus();
