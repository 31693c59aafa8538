// The line above a chart: what is under the cursor, or the newest values and how old they are.
import { number, step } from "./chart-words.js";

const item = (text, css = "") => Object.assign(document.createElement("span"), { textContent: text, className: css });

function valueOf(line, index) {
  if (index !== null) return line.avg[index];
  return line.avg.findLast((value) => value !== null) ?? null;
}

function entry(line, at, index, isAlone) {
  const swatch = document.createElement("i");
  swatch.className = `swatch swatch-${at + 1}`;
  const p95 = line.p95 && index !== null && line.p95[index] !== null ? `, p95 ${number(line.p95[index], line.unit)}` : "";
  const found = item("");
  found.append(swatch, `${isAlone ? "" : `${line.label} `}${number(valueOf(line, index), line.unit)}${p95}`);
  return found;
}

function nearestMarker(data, at) {
  const reach = (data.end - data.start) / 80;
  return data.markers.find((marker) => Math.abs(marker.at - at) <= reach);
}

function markerEntry(marker) {
  if (!marker.url) return item(marker.text, "strong");
  const found = item("", "strong");
  found.append(Object.assign(document.createElement("a"), { href: marker.url, textContent: marker.text }));
  return found;
}

export function read(figure, data, index) {
  const found = data.series.map((line, at) => entry(line, at, index, data.series.length === 1 || "brief" in figure.dataset));
  const isStale = index === null && data.is_stale;
  if (index !== null) found.unshift(item(step(data, data.at[index])));
  else if (isStale && data.as_of) found.unshift(item(`last ${step(data, data.as_of)}`));
  const marker = index === null ? null : nearestMarker(data, data.at[index]);
  if (marker) found.push(markerEntry(marker));
  const place = figure.querySelector("[data-chart-read]");
  place.classList.toggle("stale", isStale);
  place.replaceChildren(...found);
}
