/** What differs between two JSON values, by path. Pure. */
import { ExactNumber } from "./exact-json";

export interface Change {
  /** As in JavaScript: `redial.intervals[0]`. */
  path: string;
  /** Undefined: it was not there. */
  before: unknown;
  /** Undefined: it is gone. */
  after: unknown;
}

/** Lists the differences in the order of `after`, up to `atMost`. */
export function changesBetween(before: unknown, after: unknown, atMost = 200): Change[] {
  const changes: Change[] = [];
  collect(before, after, "", changes, atMost);
  return changes;
}

function collect(before: unknown, after: unknown, path: string, changes: Change[], atMost: number): void {
  if (changes.length >= atMost || isSame(before, after)) return;
  const [old, now] = [entriesOf(before), entriesOf(after)];
  if (old && now && Array.isArray(before) === Array.isArray(after)) {
    for (const key of new Set([...now.keys(), ...old.keys()])) {
      collect(old.get(key), now.get(key), join(path, key, Array.isArray(after)), changes, atMost);
    }
    return;
  }
  changes.push({ path: path || "the whole value", before, after });
}

function isSame(before: unknown, after: unknown): boolean {
  if (before instanceof ExactNumber && after instanceof ExactNumber) return before.text === after.text;
  return Object.is(before, after);
}

function entriesOf(value: unknown): Map<string, unknown> | null {
  if (value instanceof ExactNumber) return null;
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : null;
}

function join(path: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}
