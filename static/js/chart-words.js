// How moments and values are written on charts, and what a chart says to those who do not see it.
const zone = document.documentElement.dataset.zone || "UTC";
const format = (parts) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...parts });
const minutes = format({ hour: "2-digit", minute: "2-digit" });
const seconds = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const days = format({ day: "numeric", month: "short" });
const clock = format({ day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const utcDays = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short" });
const DAY = 86_400;

// Steps of days are days of UTC: in another zone their start would name the day before or an odd hour.
const isDaily = (data) => data.step_seconds >= DAY;
export const zoneOf = (data) => (isDaily(data) ? "UTC" : zone);

export const moment = (at) => clock.format(at * 1000);
export const step = (data, at) => (isDaily(data) ? `${utcDays.format(at * 1000)} UTC` : moment(at));

export function number(value, unit) {
  if (value === null || value === undefined) return "no data";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit ? ` ${unit}` : ""}`;
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

export const timeLabels = (data) => (u, ticks, axis, space, step) => {
  let day = "";
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const today = (isDaily(data) ? utcDays : days).format(date);
    const isNewDay = today !== day;
    day = today;
    if (step >= DAY) return today;
    const time = (step < 60 ? seconds : minutes).format(date);
    return isNewDay ? `${time}\n${today}` : time;
  });
};
