// Charts of one page: the same window, one shared cursor. A figure names its source and metrics; dragging over one
// chart narrows the window of all of them, and the address says so. Where numbers of the same span stand beside the
// charts, the page is asked for anew, so that both are always of one span.
import { columns, options } from "./chart-plot.js";
import { read } from "./chart-read.js";
import { describe, moment } from "./chart-words.js";

const uPlot = window.uPlot;
const NOTHING = "Nothing measured in this span";
const figures = [...document.querySelectorAll("[data-chart]")];
const bar = document.querySelector("[data-ranges]");
const span = document.querySelector("[data-span]");
const resetButton = document.querySelector("[data-zoom-reset]");
const ownSpan = document.querySelector("[data-own-span]");
const tierPlace = document.querySelector("[data-charts-tier]");
const state = { range: bar?.dataset.range ?? "1h", zoom: span?.dataset.start ? [span.dataset.start, span.dataset.end] : null };
const isInPlace = "inPlace" in (span?.dataset ?? {});
const charts = new Map();

function address(figure) {
  const query = new URLSearchParams({ metric: figure.dataset.metrics, width: Math.round(figure.clientWidth || 600) });
  if (state.zoom) { query.set("start", state.zoom[0]); query.set("end", state.zoom[1]); } else query.set("range", state.range);
  return `${figure.dataset.src}${figure.dataset.src.includes("?") ? "&" : "?"}${query}`;
}

function clear(figure) {
  charts.get(figure)?.chart?.destroy();
  charts.delete(figure);
  figure.querySelector("[data-chart-plot]").replaceChildren();
  figure.querySelector("[data-chart-read]").replaceChildren();
}

function say(figure, sentence) {
  const place = figure.querySelector("[data-chart-empty]");
  place.textContent = sentence;
  place.toggleAttribute("hidden", !sentence);
}

function draw(figure, data) {
  const plot = figure.querySelector("[data-chart-plot]");
  const { left, top } = charts.get(figure)?.chart?.cursor ?? {};
  clear(figure);
  const isEmpty = data.series.every((line) => line.avg.every((value) => value === null));
  say(figure, isEmpty ? NOTHING : "");
  figure.dataset.state = isEmpty ? "empty" : "drawn";
  const chart = isEmpty ? null : new uPlot(options(figure, plot, data, zoomTo), columns(data), plot);
  charts.set(figure, { chart, data, drawnAt: Date.now() });
  if (data.series.length) read(figure, data, null);
  plot.setAttribute("aria-label", describe(data) || "no data");
  if (tierPlace) tierPlace.textContent = data.tier;
  // New samples must not take the reading away from under a hand that rests on the chart.
  if (left >= 0) chart?.setCursor({ left, top });
}

function refuse(figure, sentence) {
  clear(figure);
  say(figure, sentence);
  figure.querySelector("[data-chart-plot]").setAttribute("aria-label", sentence);
  if (tierPlace && !charts.size) tierPlace.textContent = "";
  figure.dataset.state = "refused";
}

function reason(answer, data) {
  if (answer?.status === 401) return "You are signed out. Sign in again.";
  return (answer?.status === 400 && data?.detail) || "This could not be loaded. Try again.";
}

async function load(figure) {
  const wanted = address(figure);
  figure.dataset.wanted = wanted;
  const answer = await fetch(wanted, { headers: { Accept: "application/json" } }).catch(() => null);
  const data = await answer?.json().catch(() => null);
  if (figure.dataset.wanted !== wanted) return;
  if (answer?.ok && data) draw(figure, data);
  else refuse(figure, reason(answer, data));
}

// A new sample changes a chart only once a whole step has passed.
function isDue(figure) {
  const { data, drawnAt } = charts.get(figure) ?? {};
  return !state.zoom && (!data || Date.now() - drawnAt >= Math.min(data.step_seconds, 300) * 1000);
}

const loadAll = () => figures.forEach(load);

// What is shown stands in the address, so that it can be shared.
function addressOfPage() {
  const url = new URL(location.href);
  for (const name of ["since", "until", "start", "end", "range"]) url.searchParams.delete(name);
  url.searchParams.set("range", state.range);
  if (state.zoom) { url.searchParams.set("start", state.zoom[0]); url.searchParams.set("end", state.zoom[1]); }
  return url;
}

function showInPlace(zoom) {
  resetButton?.toggleAttribute("hidden", !zoom);
  if (ownSpan) ownSpan.textContent = zoom ? `${moment(zoom[0])} – ${moment(zoom[1])}` : "From … to";
  for (const link of bar?.querySelectorAll("[data-choice]") ?? []) {
    if (!zoom && link.dataset.choice === state.range) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  // The way back does not stop at every drag.
  history.replaceState(null, "", addressOfPage());
  loadAll();
}

function show(zoom) {
  state.zoom = zoom;
  if (isInPlace) return showInPlace(zoom);
  const url = addressOfPage();
  url.hash = "charts";
  location.assign(url);
}

function zoomTo(start, end) {
  show([start.toFixed(3), end.toFixed(3)]);
}

bar?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-choice]");
  if (!link || !isInPlace) return;
  event.preventDefault();
  state.range = link.dataset.choice;
  show(null);
});
resetButton?.addEventListener("click", () => show(null));
document.addEventListener("omega:theme", () => [...charts].forEach(([figure, { data }]) => draw(figure, data)));
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) charts.get(target.closest("[data-chart]"))?.chart?.setSize({ width: target.clientWidth, height: target.clientHeight });
});
for (const figure of figures) {
  resized.observe(figure.querySelector("[data-chart-plot]"));
  figure.addEventListener("live", () => isDue(figure) && load(figure));
  figure.addEventListener("dblclick", () => state.zoom && show(null));
}
loadAll();
