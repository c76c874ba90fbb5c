// Files may be dropped on an upload box; its file field stays what is sent.
function name(box) {
  const files = box.querySelector("input[type=file]").files;
  const place = box.querySelector(".chosen");
  if (place) place.textContent = [...files].map((file) => file.name).join("、");
}

export function dragAndDrop() {
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      const box = event.target.closest?.(".upload");
      if (!box) return;
      event.preventDefault();
      box.classList.toggle("over", type === "dragover");
      if (type !== "drop" || !event.dataTransfer.files.length) return;
      const field = box.querySelector("input[type=file]");
      field.files = event.dataTransfer.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  document.addEventListener("change", (event) => {
    const box = event.target.closest(".upload");
    if (box) name(box);
  });
}
