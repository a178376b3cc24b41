/* copy.js: data-copy="#id" copies that element's words, data-copy-text="…" its own value. */
import { announce } from "./dom.js";

export async function copy(button) {
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
