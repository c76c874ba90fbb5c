// <button data-copy="text">: puts the text on the clipboard and says so on the button for a moment.
// <button data-print>: prints the page.
async function write(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // Inner networks are often plain http, where the clipboard API is switched off.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export function copying() {
  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-print]")) return window.print();
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await write(button.dataset.copy);
    const label = button.querySelector("span") || button;
    const before = label.textContent;
    label.textContent = button.dataset.copied || "✓";
    setTimeout(() => (label.textContent = before), 1500);
  });
}
