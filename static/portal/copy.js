// Buttons that copy a text, such as a request ID. Without a script or a clipboard there are none.
"use strict";

for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy-text]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copyText);
    const said = button.nextElementSibling;
    said.textContent = button.dataset.copied;
    setTimeout(() => {
      said.textContent = "";
    }, 3000);
  });
}
