/** The fields of a trunk's limits, as a person types them. Pure: the API says what is not valid. */
import type { Schemas } from "~/api/client";
import type { TrunkSummary } from "./queries";

export interface LimitFields {
  cps: string | number;
  max_concurrent_calls: string | number;
}

export function limitFields(trunk: TrunkSummary): LimitFields {
  return {
    cps: trunk.cps === trunk.cps_budget ? "" : trunk.cps,
    max_concurrent_calls: trunk.max_concurrent_calls ?? "",
  };
}

/** The limits that differ from before; an empty field removes the tenant's limit. */
export function limitChange(before: LimitFields, after: LimitFields): Partial<Schemas["TrunkChange"]> {
  const change: Partial<Schemas["TrunkChange"]> = {};
  if (before.cps !== after.cps) change.cps = numberOrNull(after.cps);
  if (before.max_concurrent_calls !== after.max_concurrent_calls)
    change.max_concurrent_calls = numberOrNull(after.max_concurrent_calls);
  return change;
}

function numberOrNull(value: string | number): number | null {
  return value === "" ? null : Number(value);
}
