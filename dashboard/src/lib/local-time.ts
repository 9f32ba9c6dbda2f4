/** Times as a field of the browser has them ("2026-11-28T14:03", in the viewer's zone) and as the API does. Pure. */

/** Returns the field's text for an ISO 8601 time; empty for none. */
export function toLocalField(iso: string | null | undefined): string {
  const at = iso ? new Date(iso) : null;
  if (!at || Number.isNaN(at.getTime())) return "";
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** Returns the ISO 8601 time of a field's text; undefined for none. */
export function fromLocalField(text: string): string | undefined {
  const atMs = text ? new Date(text).getTime() : Number.NaN;
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString().replace(".000Z", "Z");
}

/** The viewer's zone: "Europe/Berlin". */
export function viewerZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
