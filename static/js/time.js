// Times read "12 s ago" and keep counting; a click or T shows the full time in the person's zone instead.
const zone = document.documentElement.dataset.zone || "UTC";
const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone: zone });
const steps = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [Infinity, 86400, "d"]];

function relative(seconds) {
  const size = Math.abs(seconds);
  if (size < 1.5) return "just now";
  const [, unit, name] = steps.find(([limit]) => size < limit);
  const text = `${Math.floor(size / unit)} ${name}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

function wantsAbsolute() {
  return localStorage.getItem("omega.time") === "absolute";
}

function show(element) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const full = absolute.format(at);
  const ago = relative((Date.now() - at.getTime()) / 1000);
  const text = wantsAbsolute() ? full : ago;
  if (element.textContent !== text) element.textContent = text;
  element.title = wantsAbsolute() ? ago : `${full} (${zone})`;
}

function showAll() {
  for (const element of document.querySelectorAll("time[data-time]")) show(element);
}

function toggle() {
  localStorage.setItem("omega.time", wantsAbsolute() ? "relative" : "absolute");
  showAll();
}

document.addEventListener("click", (event) => event.target.closest("[data-time-toggle]") && toggle());
document.addEventListener("omega:time-toggle", toggle);
document.addEventListener("htmx:afterSettle", showAll);
setInterval(showAll, 1000);
showAll();
