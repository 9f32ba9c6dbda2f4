/** How much of a limit is used, from 0 to 1; null if there is no limit. Pure. */
export function shareUsed(used: number, limit: number | null): number | null {
  if (limit === null) return null;
  return limit <= 0 ? 1 : Math.min(1, used / limit);
}
