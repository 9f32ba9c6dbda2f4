/** What a browser remembers of a person's taste. Never a key, a secret or anything of a call. */

const PREFIX = "trunkline-";

export function readPreference(name: string): string | null {
  try {
    // eslint-disable-next-line no-restricted-globals -- this is the one place
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function writePreference(name: string, value: string | null): void {
  try {
    // eslint-disable-next-line no-restricted-globals -- this is the one place
    if (value === null) localStorage.removeItem(PREFIX + name);
    // eslint-disable-next-line no-restricted-globals -- this is the one place
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // A browser that stores nothing shows the defaults.
  }
}
