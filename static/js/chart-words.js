// How moments and values are written on charts, and what a chart says to those who do not see it.
const zone = document.documentElement.dataset.zone || "UTC";
const format = (parts) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...parts });
const minutes = format({ hour: "2-digit", minute: "2-digit" });
const seconds = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const days = format({ day: "numeric", month: "short" });
const clock = format({ day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const TIERS = { raw: "every sample", hourly: "from hourly summaries", daily: "from daily summaries" };
const STEPS = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

export { zone };

export const moment = (at) => clock.format(at * 1000);

export function number(value, unit) {
  if (value === null || value === undefined) return "no data";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit ? ` ${unit}` : ""}`;
}

// Which summaries answered, and how long one point is.
export function tier({ source, step_seconds: step }) {
  const [size, name] = STEPS.find(([size]) => step >= size) ?? STEPS.at(-1);
  return `${TIERS[source] ?? source}, a point is ${Math.round(step / size)} ${name}`;
}

export function describe(data) {
  const texts = data.series.map((line) => {
    const known = line.avg.filter((value) => value !== null);
    if (!known.length) return `${line.label}: no data`;
    const least = Math.min(...line.min.filter((v) => v !== null), ...known);
    const greatest = Math.max(...line.max.filter((v) => v !== null), ...known);
    return `${line.label}: last ${number(known.at(-1), line.unit)}, least ${number(least, line.unit)}, greatest ${number(greatest, line.unit)}`;
  });
  return texts.join("; ");
}

export function timeLabels(u, ticks, axis, space, step) {
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
