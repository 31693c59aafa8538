// Dialogs: content fetched into #dialog-body opens the shared dialog; data-open opens one that is already in the page.
const shared = document.querySelector("#dialog");

function matchWord(input) {
  const form = input.closest("form");
  form.querySelector("[type=submit]").disabled = input.value.trim() !== input.dataset.confirmWord;
}

function arm(root) {
  root.querySelectorAll("[data-confirm-word]").forEach(matchWord);
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "dialog-body") return;
  if (!shared.open) shared.showModal();
  arm(shared);
  shared.querySelector("[data-autofocus], [aria-invalid=true], input:not([type=hidden]), select, textarea, button[type=submit]")?.focus();
});
document.addEventListener("input", (event) => event.target.matches("[data-confirm-word]") && matchWord(event.target));
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.querySelector(opener.dataset.open)?.showModal();
  const closer = event.target.closest("[data-close]");
  if (closer?.closest("dialog")) { event.preventDefault(); closer.closest("dialog").close(); }
  if (event.target.matches("dialog[data-light-close]")) event.target.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
shared?.addEventListener("close", () => {
  const reload = shared.querySelector("[data-reload-on-close]");
  shared.querySelector("#dialog-body").replaceChildren();
  if (reload) location.reload();
});
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("[type=submit]");
  if (event.target.method === "post" && button) setTimeout(() => { button.disabled = true; });
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[method=post] [type=submit]:disabled").forEach((button) => { button.disabled = false; }));
document.addEventListener("change", (event) => event.target.closest("[data-submit-on-change]")?.form?.requestSubmit());
arm(document);
