// <a data-key="j"> and <button data-key="Enter">: the key presses it. <input data-key="/"> is focused.
// "?" shows what keys the page has.
function typing(target) {
  return target.closest("textarea, select, [contenteditable], input:not([type=checkbox]):not([type=radio])");
}

function find(key) {
  return [...document.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key === key && !element.disabled && element.getClientRects().length,
  );
}

function label(element) {
  const text = element.dataset.keyLabel || element.getAttribute("aria-label") || element.textContent;
  return text.replace(element.querySelector("kbd")?.textContent || "", "").trim();
}

function toggleList() {
  const open = document.querySelector(".keys");
  if (open) return open.remove();
  const elements = [...document.querySelectorAll("[data-key]")].filter((one) => one.getClientRects().length);
  if (!elements.length) return;
  const panel = document.createElement("div");
  panel.className = "keys";
  panel.setAttribute("role", "status");
  const list = document.createElement("ul");
  for (const element of elements) {
    const line = document.createElement("li");
    const key = document.createElement("kbd");
    key.textContent = element.dataset.key;
    line.append(label(element), key);
    list.append(line);
  }
  panel.append(list);
  document.body.append(panel);
}

export function shortcuts() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      document.querySelector(".keys")?.remove();
      if (location.hash === "#menu") location.hash = "";
      if (typing(event.target)) event.target.blur();
      return;
    }
    if (event.defaultPrevented || typing(event.target)) return;
    // Enter and space on a focused control belong to that control.
    if ((event.key === "Enter" || event.key === " ") && event.target.closest("a, button, input, summary")) return;
    if (event.key === "?") return toggleList();
    const element = find(event.key);
    if (!element) return;
    event.preventDefault();
    if (element.matches("input:not([type=checkbox]):not([type=radio]), select, textarea")) element.focus();
    else element.click();
  });
}
