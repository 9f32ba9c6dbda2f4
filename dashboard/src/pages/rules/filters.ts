/** What the page shows, as it stands in the URL. Pure. */
import { oneOf, textOf } from "~/lib/search";
import { searchedNumber } from "./number-list";

export const TABS = ["suppressions", "numbers"] as const;

export interface RulesSearch {
  /** The suppression list if it is missing. */
  tab?: (typeof TABS)[number] | undefined;
  /** The beginning of a number. */
  number?: string | undefined;
}

export function rulesSearch(search: Record<string, unknown>): RulesSearch {
  const number = textOf(search.number, 30);
  return { tab: oneOf(search.tab, TABS), number: number && searchedNumber(number) };
}
