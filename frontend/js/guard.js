// <form data-guard>: leaving the page with unsaved changes asks first.
export function guardChanges() {
  const changed = new Set();
  const mark = (event) => {
    const form = event.target.form;
    if (form && form.matches("[data-guard]")) changed.add(form);
  };
  document.addEventListener("input", mark);
  document.addEventListener("change", mark);
  document.addEventListener("submit", () => changed.clear());
  window.addEventListener("beforeunload", (event) => {
    if (![...changed].some((form) => form.isConnected)) return;
    event.preventDefault();
    event.returnValue = "";
  });
}
