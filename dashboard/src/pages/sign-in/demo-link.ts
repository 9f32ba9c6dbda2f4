/** The link that `make run` prints: it fills in the key, and a person decides to sign in with it. */

/** Takes the key out of the address's fragment, which no server sees, and removes it from the history. */
export function keyInAddress(): string {
  const key = new URLSearchParams(location.hash.slice(1)).get("key") ?? "";
  if (key) history.replaceState(history.state, "", location.pathname + location.search);
  return key;
}
