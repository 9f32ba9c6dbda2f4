/** The filters of a batch's results, as they stand in the URL. Pure. */
import { oneOf, textOf } from "~/lib/search";

export interface ResultFilters {
  only?: "called" | "refused" | undefined;
  phone_number?: string | undefined;
  /** The row's own id. */
  id?: string | undefined;
  status?: string | undefined;
  reason?: string | undefined;
}

export interface BatchSearch extends ResultFilters {
  tab?: "results" | "json" | undefined;
}

export function batchSearch(search: Record<string, unknown>): BatchSearch {
  const number = textOf(search.phone_number, 20);
  return {
    tab: oneOf(search.tab, ["results", "json"] as const),
    only: oneOf(search.only, ["called", "refused"] as const),
    phone_number: number && /^\d+$/.test(number) ? `+${number}` : number,
    id: textOf(search.id, 100),
    status: textOf(search.status, 20),
    reason: textOf(search.reason, 50),
  };
}
