/* rows.js: the row one stands on, and the way back to it.
   Rows that can be walked carry tabindex="-1". An act posts the id of its row, and the page that
   follows comes back to it. */
import { all, focusNear } from "./dom.js";

const rows = () => all('main tr[tabindex="-1"]').filter((row) => row.offsetParent);
export const rowHere = () => document.activeElement?.closest('main tr[tabindex="-1"]');
let lastRow = 0;

export function move(step) {
  const list = rows();
  if (!list.length) return;
  const here = list.indexOf(rowHere());
  const next = here < 0 ? Math.min(lastRow, list.length - 1) : here + step;
  lastRow = Math.max(0, Math.min(list.length - 1, next));
  for (const row of list) row.classList.toggle("is-here", row === list[lastRow]);
  list[lastRow].focus();
}

// From cause to cause, whatever is unfolded between them.
export function moveToCause() {
  const list = rows();
  const here = list.indexOf(rowHere());
  const next = list.findIndex((row, place) => place > here && row.dataset.firstCase);
  if (here < 0 || next > here) move(next - here);
}

// The first thing to answer in a part of the page; its button when nothing is asked.
export function focusIn(part) {
  for (const folded of all("details:has(form)", part ?? document.createElement("p"))) folded.open = true;
  const first = part?.querySelector("input:not([type=hidden]):checked, input:not([type=hidden], [type=radio]), select, textarea, button");
  (first ?? part)?.focus();
}

const PLACE = "row-acted-on";

export function keepPlace(form) {
  const field = form.querySelector("[data-at]");
  if (!field) return;
  const row = rowHere();
  field.value = row?.id ?? "";
  sessionStorage.setItem(PLACE, String(Math.max(0, rows().indexOf(row))));
}

// Back from an act: the same row; when it left the list, the one that took its place.
export function comeBack() {
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

export function goToPart() {
  const part = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (part?.querySelector("form")) focusIn(part);
}

// At once, not when the address has changed: the next key may come before that.
export function openPart(event) {
  const link = event.target.closest("a[href^='#']");
  const part = link && document.getElementById(link.hash.slice(1));
  if (!part?.matches(".panel, #fix") || !part.querySelector("form")) return;
  event.preventDefault();
  history.replaceState(null, "", link.hash);
  focusIn(part);
}
