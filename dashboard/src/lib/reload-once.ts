/** Reloading a page whose files are gone, but not again and again. Pure, but for what it has stored. */

const KEY = "trunkline.reloaded-at";
const AGAIN_AFTER_MS = 60_000;

/**
 * Whether a page that could not load a file may be reloaded: after a deployment its address has newer files. Where
 * that did not help, the error stays to be read.
 */
export function mayReload(storage: Pick<Storage, "getItem" | "setItem">, nowMs: number): boolean {
  const lastMs = Number(storage.getItem(KEY) ?? -Infinity);
  if (Math.abs(nowMs - lastMs) < AGAIN_AFTER_MS) return false;
  storage.setItem(KEY, String(nowMs));
  return true;
}
