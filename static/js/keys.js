// Keyboard: j/k walk the rows, Enter opens, / searches, ? lists all this, g + letter goes to a page.
const places = { o: "overview", n: "nodes", c: "metrics", p: "people", a: "audit", m: "me" };
let waitingForPlace = false;

const rows = () => [...document.querySelectorAll("[data-rows] [data-href]")];
const typing = (target) => target.closest("input, textarea, select, [contenteditable], dialog");

function move(step) {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.classList.contains("is-selected"));
  const next = Math.min(all.length - 1, Math.max(0, now + step));
  all[now]?.classList.remove("is-selected");
  all[next].classList.add("is-selected");
  all[next].querySelector("a")?.focus({ preventScroll: true });
  all[next].scrollIntoView({ block: "nearest" });
}

function open() {
  const row = document.querySelector("[data-rows] .is-selected[data-href]");
  if (row) location.assign(row.dataset.href);
}

function go(letter) {
  waitingForPlace = false;
  const link = document.querySelector(`[data-place="${places[letter]}"]`);
  if (link) location.assign(link.href);
}

const actions = {
  j: () => move(1),
  k: () => move(-1),
  Enter: open,
  "/": (event) => { const field = document.querySelector("[data-search]"); if (field) { event.preventDefault(); field.focus(); field.select(); } },
  "?": () => document.querySelector("#keys-dialog")?.showModal(),
  t: () => document.dispatchEvent(new CustomEvent("omega:time-toggle")),
  g: () => { waitingForPlace = true; setTimeout(() => { waitingForPlace = false; }, 1200); },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  if (waitingForPlace) return go(event.key);
  actions[event.key]?.(event);
});
