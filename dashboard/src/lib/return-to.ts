/** Where a person goes after signing in: only to a page of this app. Pure. */

/** Returns the path, or `/` for one that another site could have made up. */
export function safeReturnTo(value: unknown): string {
  if (typeof value !== "string" || !/^\/(?![/\\])/.test(value)) return "/";
  // What a browser would strip out of an address could hide a second slash.
  if (/[\u0000-\u001f\\]/.test(value) || value.startsWith("/sign-in")) return "/";
  return value;
}
