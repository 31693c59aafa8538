// Charts of one page: the same window, one shared cursor, gaps left open, a band from least to greatest.
// A figure names its source and metrics; dragging over one chart narrows the window of all of them.
const uPlot = window.uPlot;
const zone = document.documentElement.dataset.zone || "UTC";
const figures = [...document.querySelectorAll("[data-chart]")];
const bar = document.querySelector("[data-ranges]");
const resetButton = document.querySelector("[data-zoom-reset]");
const state = { range: bar?.dataset.range ?? "1h", zoom: null };
const charts = new Map();
const DASHES = [[], [7, 4], [2, 3]];

const format = (parts) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...parts });
const minutes = format({ hour: "2-digit", minute: "2-digit" });
const seconds = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const days = format({ day: "numeric", month: "short" });
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = format({ day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

function number(value, unit) {
  if (value === null || value === undefined) return "no data";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit ? ` ${unit}` : ""}`;
}

function address(figure) {
  const query = new URLSearchParams({ metric: figure.dataset.metrics, width: Math.round(figure.clientWidth || 600) });
  if (state.zoom) { query.set("start", state.zoom[0]); query.set("end", state.zoom[1]); } else query.set("range", state.range);
  return `${figure.dataset.src}?${query}`;
}

function read(figure, data, index) {
  const place = figure.querySelector("[data-chart-read]");
  const lines = data.series.map((line, at) => {
    const values = index === null ? line.avg.filter((value) => value !== null) : [line.avg[index]];
    const value = values[values.length - 1] ?? null;
    const item = document.createElement("span");
    const swatch = document.createElement("i");
    swatch.className = `swatch swatch-${at + 1}`;
    item.append(swatch, `${data.series.length > 1 ? `${line.label} ` : ""}${number(value, line.unit)}`);
    return item;
  });
  if (index !== null) lines.unshift(Object.assign(document.createElement("span"), { textContent: clock.format(data.at[index] * 1000) }));
  const marker = index === null ? null : nearestMarker(data, data.at[index]);
  if (marker) lines.push(Object.assign(document.createElement("span"), { textContent: marker.text, className: "strong" }));
  place.replaceChildren(...lines);
}

function nearestMarker(data, at) {
  const reach = (data.end - data.start) / 80;
  return data.markers.find((marker) => Math.abs(marker.at - at) <= reach);
}

function describe(figure, data) {
  const texts = data.series.map((line) => {
    const values = line.avg.filter((value) => value !== null);
    if (!values.length) return `${line.label}: no data`;
    return `${line.label}: now ${number(values.at(-1), line.unit)}, least ${number(Math.min(...line.min.filter((v) => v !== null)), line.unit)}, greatest ${number(Math.max(...line.max.filter((v) => v !== null)), line.unit)}`;
  });
  figure.querySelector("[data-chart-plot]").setAttribute("aria-label", texts.join("; "));
}

function columns(data) {
  const [first, ...rest] = data.series;
  return [data.at, first.avg, first.max, first.min, ...rest.map((line) => line.avg)];
}

function drawMarkers(plot, data) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = token("--warn");
  ctx.setLineDash([3, 3]);
  for (const marker of data.markers) {
    const x = Math.round(plot.valToPos(marker.at, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
    ctx.beginPath(); ctx.moveTo(x - 5, bbox.top); ctx.lineTo(x + 5, bbox.top); ctx.lineTo(x, bbox.top + 7); ctx.fill();
  }
  ctx.restore();
}

function timeLabels(u, ticks, axis, space, step) {
  let day = "";
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const today = days.format(date);
    const isNewDay = today !== day;
    day = today;
    if (step >= 86_400) return today;
    const time = (step < 60 ? seconds : minutes).format(date);
    return isNewDay ? `${time}\n${today}` : time;
  });
}

// A value between two gaps has no line to belong to, so it is drawn as a dot.
function lonely(u, at) {
  const values = u.data[at];
  return values.flatMap((value, index) => (value != null && values[index - 1] == null && values[index + 1] == null ? [index] : []));
}

function lines(data) {
  const width = 1.75;
  const points = { show: true, size: 5, filter: lonely };
  const own = { label: data.series[0].label, stroke: token("--line-1"), width, points, spanGaps: false };
  const hidden = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
  const others = data.series.slice(1).map((line, at) => ({ label: line.label, stroke: token(`--line-${at + 2}`), width, dash: DASHES[at + 1], points, spanGaps: false }));
  return [{}, own, { ...hidden }, { ...hidden }, ...others];
}

// Small values have long numbers.
const widthOf = (u, labels) => 16 + 7 * Math.max(4, ...(labels ?? []).map((label) => label.length));

function options(figure, plot, data) {
  const axis = { stroke: token("--ink-3"), font: `11px ${token("--sans")}`, grid: { stroke: token("--line"), width: 1 }, ticks: { show: false } };
  const fixed = figure.dataset.max ? [0, Number(figure.dataset.max)] : null;
  const upward = (u, low, high) => fixed ?? [Math.min(0, low ?? 0), high > 0 ? high * 1.1 : 1];
  return {
    width: plot.clientWidth, height: plot.clientHeight, legend: { show: false }, padding: [8, 8, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: { sync: { key: "page" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { range: [data.start, data.end] }, y: { range: upward } },
    axes: [{ ...axis, space: 64, size: 38, values: timeLabels }, { ...axis, size: widthOf, values: (u, ticks) => ticks.map((tick) => `${tick}`) }],
    series: lines(data), bands: [{ series: [2, 3], fill: token("--band") }],
    hooks: {
      draw: [(u) => drawMarkers(u, data)],
      setCursor: [(u) => read(figure, data, u.cursor.idx ?? null)],
      setSelect: [(u) => u.select.width > 8 && zoomTo(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"))],
    },
  };
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
  const chart = isEmpty ? null : new uPlot(options(figure, plot, data), columns(data), plot);
  charts.set(figure, { chart, data, drawnAt: Date.now() });
  read(figure, data, null);
  describe(figure, data);
  // New samples must not take the reading away from under a hand that rests on the chart.
  if (left >= 0) chart?.setCursor({ left, top });
}

async function load(figure) {
  const wanted = address(figure);
  figure.dataset.wanted = wanted;
  const answer = await fetch(wanted, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok || figure.dataset.wanted !== wanted) return;
  draw(figure, await answer.json());
}

// A new sample changes a chart only once a whole step has passed.
function isDue(figure) {
  const { data, drawnAt } = charts.get(figure) ?? {};
  return !state.zoom && (!data || Date.now() - drawnAt >= Math.min(data.step_seconds, 300) * 1000);
}

const loadAll = () => figures.forEach(load);

function zoomTo(start, end) {
  state.zoom = [start.toFixed(3), end.toFixed(3)];
  resetButton?.removeAttribute("hidden");
  loadAll();
}

function resetZoom() {
  state.zoom = null;
  resetButton?.setAttribute("hidden", "");
  loadAll();
}

function choose(link) {
  state.range = link.dataset.choice;
  for (const other of bar.querySelectorAll("[data-choice]")) other.toggleAttribute("aria-current", false);
  link.setAttribute("aria-current", "true");
  const url = new URL(location.href);
  url.searchParams.set("range", state.range);
  history.replaceState(null, "", url);
  resetZoom();
}

bar?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-choice]");
  if (!link) return;
  event.preventDefault();
  choose(link);
});
resetButton?.addEventListener("click", resetZoom);
document.addEventListener("omega:theme", () => charts.forEach(({ data }, figure) => draw(figure, data)));
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) charts.get(target.closest("[data-chart]"))?.chart?.setSize({ width: target.clientWidth, height: target.clientHeight });
});
for (const figure of figures) {
  resized.observe(figure.querySelector("[data-chart-plot]"));
  figure.addEventListener("live", () => isDue(figure) && load(figure));
  figure.addEventListener("dblclick", () => state.zoom && resetZoom());
}
loadAll();
