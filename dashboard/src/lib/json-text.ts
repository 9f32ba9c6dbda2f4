/** JSON that a person edits as text. Pure. */
import { AlteredNumber, parseExactly } from "./exact-json";

export type Parsed =
  { value: Record<string, unknown>; error?: undefined } | { value?: undefined; error: string };

/** Reads an object; the error names the place, as the browser does. */
export function parseObject(text: string, what: string): Parsed {
  if (text.trim() === "") return { value: {} };
  try {
    const value = parseExactly(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { error: `${what} must be an object: { … }` };
    }
    return { value: value as Record<string, unknown> };
  } catch (error) {
    if (error instanceof AlteredNumber) return { error: `${what} cannot be sent: ${error.message}` };
    return { error: `${what} is no valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

export function prettyJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
