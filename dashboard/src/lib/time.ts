/** Times and durations as people read them. Pure. */

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });

/** "5 min. ago", "in 2 hr."; "now" within five seconds. */
export function relativeTime(atMs: number, nowMs: number): string {
  const differenceMs = atMs - nowMs;
  const distance = Math.abs(differenceMs);
  if (distance < 5_000) return "now";
  const [unit, size] = UNITS.find(([, ms]) => distance >= ms) ?? (["second", 1_000] as const);
  return RELATIVE.format(Math.sign(differenceMs) * Math.floor(distance / size), unit);
}

/** How long a relative time stays right, in milliseconds. */
export function relativeTimeLastsMs(atMs: number, nowMs: number): number {
  const distance = Math.abs(atMs - nowMs);
  if (distance < 60_000) return 1_000;
  return distance < 3_600_000 ? 15_000 : 300_000;
}

const SHORT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const WHOLE = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

/** "28 Nov, 14:03:09", in the viewer's zone. */
export function shortTime(atMs: number): string {
  return SHORT.format(atMs);
}

/** The whole date with its zone. */
export function wholeTime(atMs: number): string {
  return WHOLE.format(atMs);
}

/** "0.4 s", "12 s", "3 min 5 s", "2 h 10 min". */
export function durationText(seconds: number): string {
  if (seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const SECOND = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT_SPAN_S = 600;

/** "14:03" on an axis, with the seconds if the axis spans less than ten minutes. */
export function clockTime(atS: number, spanS: number): string {
  return (spanS < SHORT_SPAN_S ? SECOND : MINUTE).format(atS * 1000);
}
