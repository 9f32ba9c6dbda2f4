/** Cancels many calls, and says what came of it. */
import { api, body, type Schemas } from "~/api/client";

type Result = Schemas["CancelResult"]["result"];

const MOST_IN_A_REQUEST = 100;
const MOST_TRIES = 3;

/** Returns how many calls came to each result. Those that the API is not sure of are sent again. */
export async function cancelCalls(ids: string[]): Promise<Map<Result, number>> {
  const counts = new Map<Result, number>();
  for (let start = 0; start < ids.length; start += MOST_IN_A_REQUEST) {
    let open = ids.slice(start, start + MOST_IN_A_REQUEST);
    for (let tries = 1; open.length > 0; tries += 1) {
      const { data } = await body(api.POST("/api/v1/calls/cancel", { body: { call_ids: open } }));
      const isLast = tries === MOST_TRIES;
      for (const { result } of data) {
        if (result !== "try_again" || isLast) counts.set(result, (counts.get(result) ?? 0) + 1);
      }
      open = isLast ? [] : data.filter(({ result }) => result === "try_again").map(({ call_id }) => call_id);
    }
  }
  return counts;
}
