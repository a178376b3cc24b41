/* palette.js: search boxes that offer what was found as one types, and the palette on Ctrl/Cmd K.
   A form with data-finder holds one input and one [data-options], which htmx fills. Without
   scripts the form and the palette's link lead to the plain page /find/. */

const announcer = document.getElementById("announcer");
const palette = document.getElementById("palette");

const boxOf = (form) => form.querySelector("[data-options]");
const optionsOf = (form) => [...boxOf(form).querySelectorAll('[role="option"]')];

function start(form) {
  const input = form.querySelector("input[type=search]");
  const box = boxOf(form);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", box.id);
  show(form, false);
  input.addEventListener("keydown", (event) => onKey(event, form, input));
  input.addEventListener("input", () => {
    mark(form, null);
    delete form.dataset.entered;
  });
  for (const failure of ["htmx:sendError", "htmx:responseError"])
    input.addEventListener(failure, () => "entered" in form.dataset && form.submit());
  input.addEventListener("focus", () => show(form, Boolean(input.value) && optionsOf(form).length > 0));
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) show(form, false);
  });
  box.addEventListener("mousedown", (event) => event.preventDefault());
  box.addEventListener("click", (event) => choose(event.target.closest('[role="option"]')));
  box.addEventListener("htmx:afterSettle", (event) => {
    box.dataset.offeredFor = event.detail?.requestConfig?.parameters?.[input.name] ?? "";
    filled(form, input, box);
    if ("entered" in form.dataset) enter(form, input);
  });
}

function filled(form, input, box) {
  if (isPalette(form)) offerActions(box, input.value);
  const options = optionsOf(form);
  input.setAttribute("aria-controls", box.querySelector('[role="listbox"]')?.id ?? box.id);
  mark(form, null);
  show(form, document.activeElement === input && box.textContent.trim() !== "" && (isPalette(form) || input.value.trim().length > 1));
  if (announcer) announcer.textContent = box.querySelector("[data-told]")?.textContent ?? `${options.length} offered`;
}

/* In the palette Enter takes the first entry offered for what stands there, and waits for it while
   it is on its way; with nothing offered, or no answer, the plain page searches. */

function enter(form, input) {
  if (boxOf(form).dataset.offeredFor !== input.value) {
    form.dataset.entered = "";
    return;
  }
  delete form.dataset.entered;
  const [first] = optionsOf(form);
  if (first) choose(first);
  else form.submit();
}

const isPalette = (form) => palette?.contains(form) ?? false;

function show(form, isOpen) {
  const open = isOpen || isPalette(form);
  boxOf(form).hidden = !open;
  form.querySelector("[role=combobox]").setAttribute("aria-expanded", String(open));
  if (!open) mark(form, null);
}

function mark(form, option) {
  const input = form.querySelector("[role=combobox]");
  for (const each of optionsOf(form)) each.setAttribute("aria-selected", String(each === option));
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function onKey(event, form, input) {
  if (event.isComposing) return;
  const options = boxOf(form).hidden ? [] : optionsOf(form);
  const here = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!options.length) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = here < 0 ? (step > 0 ? 0 : options.length - 1) : (here + step + options.length) % options.length;
    mark(form, options[next]);
  } else if (event.key === "Enter" && here >= 0) {
    event.preventDefault();
    choose(options[here]);
  } else if (event.key === "Enter" && isPalette(form) && input.value.trim()) {
    event.preventDefault();
    enter(form, input);
  } else if (event.key === "Escape" && !isPalette(form) && !boxOf(form).hidden) {
    event.preventDefault();
    event.stopPropagation();
    show(form, false);
  }
}

const acts = new Map();

function choose(option) {
  if (!option) return;
  if (option.dataset.url) {
    location.assign(option.dataset.url);
    return;
  }
  const target = acts.get(option.id);
  palette.close();
  if (!target?.isConnected) return;
  target.scrollIntoView({ block: "center" });
  target.focus();
  // What would send something is only reached; the person presses it.
  if (target.matches('a, [type="button"]')) target.click();
}

/* The visible buttons of this page, by their words. */

function offerActions(box, text) {
  acts.clear();
  const wanted = text.trim().toLowerCase();
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "On this page");
  for (const button of document.querySelectorAll("main a.btn, main button.btn")) {
    const words = wordsOf(button);
    const known = [...acts.values()].some((other) => wordsOf(other) === words);
    if (!words || known || !words.toLowerCase().includes(wanted) || !isUsable(button) || acts.size === 8) continue;
    const option = document.createElement("div");
    option.className = "option";
    option.id = `palette-act-${acts.size + 1}`;
    option.setAttribute("role", "option");
    const place = document.createElement("span");
    place.className = "quiet";
    place.textContent = "On this page";
    option.append(`${words} `, place);
    acts.set(option.id, button);
    group.append(option);
  }
  if (acts.size) listIn(box).append(group);
}

function listIn(box) {
  const there = box.querySelector('[role="listbox"]');
  if (there) return there;
  const list = document.createElement("div");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "What was found");
  box.prepend(list);
  return list;
}

const wordsOf = (button) => (button.getAttribute("aria-label") ?? button.innerText).replace(/\s+/g, " ").trim();
const isUsable = (button) => !button.disabled && button.getAttribute("aria-disabled") !== "true" && button.offsetParent !== null;

function openPalette() {
  if (!palette || palette.open) return;
  palette.showModal();
  const input = palette.querySelector("input[type=search]");
  input.select();
  window.htmx?.trigger(input, "palette-open");
}

for (const form of document.querySelectorAll("form[data-finder]")) start(form);
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-palette]") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  openPalette();
});
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (document.querySelector("dialog:modal:not(#palette)")) return;
  event.preventDefault();
  if (palette?.open) palette.close();
  else openPalette();
});
