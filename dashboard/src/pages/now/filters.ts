/** What the page shows, as it stands in the URL. Pure. */
import { numberOf } from "~/lib/search";

export const WINDOWS = [
  { minutes: 15, label: "15 min" },
  { minutes: 60, label: "1 h" },
  { minutes: 240, label: "4 h" },
  { minutes: 1440, label: "24 h" },
] as const;

export interface NowSearch {
  /** How far back outcomes are counted; an hour if it is missing. */
  minutes?: (typeof WINDOWS)[number]["minutes"] | undefined;
}

export function nowSearch(search: Record<string, unknown>): NowSearch {
  const minutes = numberOf(search.minutes, 1, 1440);
  return { minutes: WINDOWS.find((each) => each.minutes === minutes)?.minutes };
}
