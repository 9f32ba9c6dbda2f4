/** Test or live: which half of the tenant's data requests see. A tab has a mode of its own. */

export type Mode = "test" | "live";

const STORED_AS = "trunkline-mode";
const listeners = new Set<() => void>();
let chosen: Mode | null = stored();

function stored(): Mode | null {
  const value = globalThis.sessionStorage.getItem(STORED_AS);
  return value === "test" || value === "live" ? value : null;
}

/** The chosen mode; null means that of the session's key. */
export function currentMode(): Mode | null {
  return chosen;
}

export function chooseMode(mode: Mode | null): void {
  chosen = mode;
  if (mode) globalThis.sessionStorage.setItem(STORED_AS, mode);
  else globalThis.sessionStorage.removeItem(STORED_AS);
  listeners.forEach((listener) => listener());
}

export function onModeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
