/* picks.js: count and sum of the ticked rows, before anything is asked for. */
import { all } from "./dom.js";

export function showPicked(form) {
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

export function clearPicks(form) {
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

export function pickRange(event) {
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
