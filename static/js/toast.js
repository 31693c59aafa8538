// Toasts leave by themselves, errors stay until closed. The server adds one with the HX-Trigger event "toast".
const KEEP_MS = 7000;
const list = document.querySelector("[data-toasts]");
const template = document.querySelector("#toast-template");

function retire(toast) {
  if (!toast.matches(".toast-error")) setTimeout(() => toast.remove(), KEEP_MS);
}

document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest(".toast")?.remove());
document.addEventListener("toast", (event) => {
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.classList.add(`toast-${event.detail.level ?? "success"}`);
  toast.querySelector("p").textContent = event.detail.text;
  list.append(toast);
  retire(toast);
});
list?.querySelectorAll(".toast").forEach(retire);
