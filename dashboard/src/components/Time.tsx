import { useEffect, useState } from "react";
import { serverNowMs } from "~/lib/clock";
import { relativeTime, relativeTimeLastsMs, shortTime, wholeTime } from "~/lib/time";

interface TimeProps {
  /** ISO 8601, as the API writes it. */
  at: string | null | undefined;
  /** Show the date and time, with the relative time in the tooltip. */
  absolute?: boolean;
}

/** A time in the viewer's zone, relative to the API's clock; the other form is in the tooltip. */
export function Time({ at, absolute = false }: TimeProps) {
  const atMs = at ? Date.parse(at) : Number.NaN;
  const nowMs = useServerNowMs(Number.isNaN(atMs) ? null : atMs);
  if (!at || Number.isNaN(atMs)) return <span aria-label="none">–</span>;
  const relative = relativeTime(atMs, nowMs);
  return (
    <time dateTime={at} title={absolute ? relative : wholeTime(atMs)} className="tabular">
      {absolute ? shortTime(atMs) : relative}
    </time>
  );
}

/** Now by the API's clock, again whenever a time relative to `atMs` reads differently. */
export function useServerNowMs(atMs: number | null): number {
  const [nowMs, setNowMs] = useState(() => serverNowMs());
  useEffect(() => {
    if (atMs === null) return;
    const lastsMs = relativeTimeLastsMs(atMs, nowMs);
    const timer = setTimeout(() => setNowMs(serverNowMs()), lastsMs);
    return () => clearTimeout(timer);
  }, [atMs, nowMs]);
  return nowMs;
}

/** The second that it is now by the API's clock, since 1970. */
export function useServerNowS(): number {
  const [nowS, setNowS] = useState(() => Math.floor(serverNowMs() / 1000));
  useEffect(() => {
    const timer = setInterval(() => setNowS(Math.floor(serverNowMs() / 1000)), 1000);
    return () => clearInterval(timer);
  }, []);
  return nowS;
}
