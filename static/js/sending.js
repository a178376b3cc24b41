/* sending.js: one click sends once. data-repeat on a form lets it be sent again (a download, a filter). */
import { announce } from "./dom.js";

const sending = new Map();

export function guardSubmit(event) {
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

export function release(form) {
  const state = sending.get(form);
  if (!state) return;
  clearTimeout(state.timer);
  sending.delete(form);
  if (!state.label) return;
  state.button.replaceChildren(...state.label);
  state.button.removeAttribute("aria-busy");
  state.button.style.minWidth = "";
}

// A page brought back by the Back button may still hold its "Sending…".
export function releaseAll() {
  [...sending.keys()].forEach(release);
}
