// Buttons that copy a text, such as a request ID. Without a script or a clipboard there are none.
"use strict";

for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy-text]") : []) {
  const label = button.querySelector("span");
  const copy = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copyText);
    label.textContent = button.dataset.copied;
    const said = document.createElement("span"); // for screen readers, which do not read a changed button
    said.className = "hidden";
    said.textContent = button.dataset.copied;
    document.querySelector("[role='status']")?.append(said);
    setTimeout(() => {
      label.textContent = copy;
      said.remove();
    }, 3000);
  });
}
