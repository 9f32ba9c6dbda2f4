/** What came of cancelling many calls, in words. Pure. */
import type { Schemas } from "~/api/client";

type Result = Schemas["CancelResult"]["result"];

const TEXTS: [Result, (count: string) => string][] = [
  ["cancelled", (count) => `${count} cancelled`],
  ["requested", (count) => `${count} being hung up`],
  ["ended", (count) => `${count} had ended already`],
  ["not_found", (count) => `${count} not found`],
  ["try_again", (count) => `${count} uncertain: look at them before you repeat it`],
];

export function cancelText(counts: ReadonlyMap<Result, number>): string {
  const parts = TEXTS.flatMap(([result, text]) => {
    const count = counts.get(result) ?? 0;
    return count === 0 ? [] : [text(count.toLocaleString("en"))];
  });
  return parts.length === 0 ? "Nothing was cancelled." : `${parts.join(", ")}.`;
}
