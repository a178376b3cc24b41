/* dom.js: what every other script uses: finding elements, saying a word aloud, moving the focus. */

export const all = (selector, from = document) => [...from.querySelectorAll(selector)];

export function announce(words) {
  const place = document.getElementById("announcer");
  if (!place) return;
  // The same words twice are read only if the text was empty in between.
  place.textContent = "";
  setTimeout(() => { place.textContent = words; }, 50);
}

// A refusal first, wherever it stands; the browser itself goes to it where no script runs.
export const wanted = (from) => from.querySelector?.("[data-focus][autofocus]") ?? from.querySelector?.("[data-focus]");

export function focusNear(target) {
  const heading = target.querySelector?.("h1, h2, h3") ?? target.closest?.("section, main")?.querySelector("h1, h2, h3");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
