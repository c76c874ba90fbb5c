// Selecting rows: "all" box, shift-click for a stretch, count of what is chosen, buttons that need a choice.
// In a table with data-rows, ↑ ↓ walk the rows, x chooses and Enter opens.
function boxes(table) {
  return [...table.querySelectorAll("tbody .pick input")];
}

function refresh(table) {
  const all = boxes(table);
  const chosen = all.filter((box) => box.checked).length;
  for (const box of all) box.closest("tr").classList.toggle("picked", box.checked);
  const head = table.querySelector("thead .pick input");
  if (head) {
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  }
  const frame = table.closest(".table") || table;
  for (const place of frame.querySelectorAll("[data-pick-count]")) place.textContent = chosen;
  for (const button of frame.querySelectorAll("[data-needs-pick]")) button.disabled = chosen === 0;
}

function walk(event) {
  const table = document.querySelector("table.data[data-rows]");
  if (!table || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea, a, button")) return;
  const rows = [...table.tBodies[0].rows];
  const at = rows.findIndex((row) => row.classList.contains("here"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
    if (!next) return;
    rows[at]?.classList.remove("here");
    next.classList.add("here");
    next.scrollIntoView({ block: "nearest" });
    event.preventDefault();
  } else if (at >= 0 && event.key === "x") {
    rows[at].querySelector(".pick input")?.click();
  } else if (at >= 0 && event.key === "Enter") {
    rows[at].querySelector(".main a")?.click();
    event.preventDefault();
  }
}

export function tables() {
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target.closest(".pick input");
    if (!box) return;
    const table = box.closest("table");
    const all = boxes(table);
    if (box.closest("thead")) {
      for (const other of all) other.checked = box.checked;
    } else {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      if (event.shiftKey && from >= 0) for (const other of all.slice(from, to + 1)) other.checked = box.checked;
      last = box;
    }
    refresh(table);
  });
  document.addEventListener("keydown", walk);
  const start = () => document.querySelectorAll("table.data").forEach((table) => table.tHead && refresh(table));
  start();
  document.addEventListener("htmx:afterSettle", start);
}
