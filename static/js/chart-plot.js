// How a chart is drawn: gaps stay open, a band from least to greatest, a fine line for the 95th percentile, markers.
import { read } from "./chart-read.js";
import { timeLabels, zoneOf } from "./chart-words.js";

const uPlot = window.uPlot;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function columns(data) {
  const [first, ...rest] = data.series;
  const own = data.has_band ? [first.max, first.min] : [];
  return [data.at, first.avg, ...own, ...rest.map((line) => line.avg), ...(first.p95 ? [first.p95] : [])];
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

// A value between two gaps has no line to belong to, so it is drawn as a dot.
function lonely(u, at) {
  const values = u.data[at];
  return values.flatMap((value, index) => (value != null && values[index - 1] == null && values[index + 1] == null ? [index] : []));
}

function lines(data) {
  const points = { show: true, size: 5, filter: lonely };
  const colour = (at) => (data.is_stale && data.series.length === 1 ? token("--ink-3") : token(`--line-${at + 1}`));
  const drawn = data.series.map((line, at) => ({ label: line.label, stroke: colour(at), width: 1.75, dash: DASHES[at], points, spanGaps: false }));
  const hidden = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
  const p95 = { label: "p95", stroke: colour(0), width: 0.75, dash: [2, 2], points: { show: false }, spanGaps: false };
  return [{}, drawn[0], ...(data.has_band ? [{ ...hidden }, { ...hidden }] : []), ...drawn.slice(1), ...(data.series[0].p95 ? [p95] : [])];
}

// Small values have long numbers.
const widthOf = (u, labels) => 16 + 7 * Math.max(4, ...(labels ?? []).map((label) => label.length));
const short = (value) => (Math.abs(value) >= 1e5 ? value.toExponential(0).replace("e+", "e") : `${value}`);

export function options(figure, plot, data, zoomTo) {
  const axis = { stroke: token("--ink-3"), font: `11px ${token("--sans")}`, grid: { stroke: token("--line"), width: 1 }, ticks: { show: false } };
  const fixed = figure.dataset.max ? [0, Number(figure.dataset.max)] : null;
  const upward = (u, low, high) => fixed ?? [Math.min(0, low ?? 0), high > 0 ? high * 1.1 : 1];
  return {
    width: plot.clientWidth, height: plot.clientHeight, legend: { show: false }, padding: [8, 8, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zoneOf(data)),
    cursor: { sync: { key: "page" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { range: [data.start, data.end] }, y: { range: upward } },
    axes: [{ ...axis, space: 64, size: 38, values: timeLabels(data) }, { ...axis, size: widthOf, values: (u, ticks) => ticks.map(short) }],
    series: lines(data), bands: data.has_band ? [{ series: [2, 3], fill: token("--band") }] : [],
    hooks: {
      draw: [(u) => drawMarkers(u, data)],
      setCursor: [(u) => read(figure, data, u.cursor.idx ?? null)],
      setSelect: [(u) => u.select.width > 8 && zoomTo(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"))],
    },
  };
}
