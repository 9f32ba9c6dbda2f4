/** JSON that a person edits as text. Pure. */

export type Parsed =
  { value: Record<string, unknown>; error?: undefined } | { value?: undefined; error: string };

/** Reads an object; the error names the place, as the browser does. */
export function parseObject(text: string, what: string): Parsed {
  if (text.trim() === "") return { value: {} };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { error: `${what} must be an object: { … }` };
    }
    return { value: value as Record<string, unknown> };
  } catch (error) {
    return { error: `${what} is no valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

export function prettyJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
