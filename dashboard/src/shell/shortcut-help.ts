/** Opens the list of keyboard shortcuts from anywhere. */

const EVENT = "trunkline-shortcuts";

export function openShortcutHelp(): void {
  window.dispatchEvent(new Event(EVENT));
}

export function onShortcutHelp(listener: () => void): () => void {
  window.addEventListener(EVENT, listener);
  return () => window.removeEventListener(EVENT, listener);
}
