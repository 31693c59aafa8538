// Charts of one page: the same window, one shared cursor. A figure names its source and metrics; dragging over one
// chart narrows the window of all of them, and the address says so.
import { columns, options } from "./chart-plot.js";
import { read } from "./chart-read.js";
import { describe, moment, tier } from "./chart-words.js";

const uPlot = window.uPlot;
const figures = [...document.querySelectorAll("[data-chart]")];
const bar = document.querySelector("[data-ranges]");
const span = document.querySelector("[data-span]");
const resetButton = document.querySelector("[data-zoom-reset]");
const ownSpan = document.querySelector("[data-own-span]");
const tierPlace = document.querySelector("[data-charts-tier]");
const state = { range: bar?.dataset.range ?? "1h", zoom: span?.dataset.start ? [span.dataset.start, span.dataset.end] : null };
const charts = new Map();

function address(figure) {
  const query = new URLSearchParams({ metric: figure.dataset.metrics, width: Math.round(figure.clientWidth || 600) });
  if (state.zoom) { query.set("start", state.zoom[0]); query.set("end", state.zoom[1]); } else query.set("range", state.range);
  return `${figure.dataset.src}${figure.dataset.src.includes("?") ? "&" : "?"}${query}`;
}

function draw(figure, data) {
  const plot = figure.querySelector("[data-chart-plot]");
  const former = charts.get(figure)?.chart;
  const { left, top } = former?.cursor ?? {};
  former?.destroy();
  plot.replaceChildren();
  const isEmpty = data.series.every((line) => line.avg.every((value) => value === null));
  figure.querySelector("[data-chart-empty]").toggleAttribute("hidden", !isEmpty);
  figure.dataset.state = isEmpty ? "empty" : "drawn";
  const chart = isEmpty ? null : new uPlot(options(figure, plot, data, zoomTo), columns(data), plot);
  charts.set(figure, { chart, data, drawnAt: Date.now() });
  if (data.series.length) read(figure, data, null);
  plot.setAttribute("aria-label", describe(data) || "no data");
  if (tierPlace) tierPlace.textContent = tier(data);
  // New samples must not take the reading away from under a hand that rests on the chart.
  if (left >= 0) chart?.setCursor({ left, top });
}

function refuse(figure, sentence) {
  const place = figure.querySelector("[data-chart-empty]");
  place.textContent = sentence;
  place.removeAttribute("hidden");
  figure.dataset.state = "refused";
}

async function load(figure) {
  const wanted = address(figure);
  figure.dataset.wanted = wanted;
  const answer = await fetch(wanted, { headers: { Accept: "application/json" } }).catch(() => null);
  if (figure.dataset.wanted !== wanted || !answer) return;
  if (answer.ok) return draw(figure, await answer.json());
  if (answer.status === 400) refuse(figure, (await answer.json()).detail);
}

// A new sample changes a chart only once a whole step has passed.
function isDue(figure) {
  const { data, drawnAt } = charts.get(figure) ?? {};
  return !state.zoom && (!data || Date.now() - drawnAt >= Math.min(data.step_seconds, 300) * 1000);
}

const loadAll = () => figures.forEach(load);

// What is shown stands in the address, so that it can be shared; the way back does not stop at every drag.
function remember() {
  const url = new URL(location.href);
  for (const name of ["since", "until", "start", "end", "range"]) url.searchParams.delete(name);
  url.searchParams.set("range", state.range);
  if (state.zoom) { url.searchParams.set("start", state.zoom[0]); url.searchParams.set("end", state.zoom[1]); }
  history.replaceState(null, "", url);
}

function show(zoom) {
  state.zoom = zoom;
  resetButton?.toggleAttribute("hidden", !zoom);
  if (ownSpan) ownSpan.textContent = zoom ? `${moment(zoom[0])} – ${moment(zoom[1])}` : "From … to";
  for (const link of bar?.querySelectorAll("[data-choice]") ?? []) {
    if (!zoom && link.dataset.choice === state.range) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  remember();
  loadAll();
}

function zoomTo(start, end) {
  show([start.toFixed(3), end.toFixed(3)]);
}

bar?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-choice]");
  if (!link) return;
  event.preventDefault();
  state.range = link.dataset.choice;
  show(null);
});
resetButton?.addEventListener("click", () => show(null));
document.addEventListener("omega:theme", () => charts.forEach(({ data }, figure) => draw(figure, data)));
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) charts.get(target.closest("[data-chart]"))?.chart?.setSize({ width: target.clientWidth, height: target.clientHeight });
});
for (const figure of figures) {
  resized.observe(figure.querySelector("[data-chart-plot]"));
  figure.addEventListener("live", () => isDue(figure) && load(figure));
  figure.addEventListener("dblclick", () => state.zoom && show(null));
}
loadAll();
