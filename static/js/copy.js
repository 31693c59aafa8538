// Copy buttons: data-copy names the element whose text is copied, or carries the text itself in data-copy-text.
async function put(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-text]");
  if (!button) return;
  const text = button.dataset.copyText ?? document.querySelector(button.dataset.copy)?.textContent ?? "";
  await put(text.trim());
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = label.dataset.before ?? label.innerHTML;
  label.dataset.before = before;
  label.textContent = "Copied";
  button.classList.add("is-copied");
  setTimeout(() => { label.innerHTML = before; button.classList.remove("is-copied"); }, 1600);
});
