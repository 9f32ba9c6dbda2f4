/** The form of an API key: what is typed, and the request that it becomes. Pure. */
import type { Schemas } from "~/api/client";
import type { Mode } from "~/api/mode";

export type Scope = Schemas["Scope"];

export interface KeyDraft {
  name: string;
  scopes: Scope[];
  environment: Mode;
  /** ISO 8601; undefined: no longer than the key that makes it. */
  expiresAt: string | undefined;
  /** One address or network a line. */
  addresses: string;
  requestsPerMinute: number | string;
}

/** What a backend needs to place calls and follow them. */
export const BACKEND_SCOPES: Scope[] = ["calls:initiate", "calls:read", "workflows:read", "webhooks:write"];

export function newKeyDraft(mode: Mode): KeyDraft {
  return {
    name: "",
    scopes: [],
    environment: mode,
    expiresAt: undefined,
    addresses: "",
    requestsPerMinute: "",
  };
}

/** What is left empty is left out: the API then takes the bounds of the session's own key. */
export function keySpecOf(draft: KeyDraft): Schemas["KeySpec"] {
  return {
    name: draft.name.trim(),
    scopes: draft.scopes,
    environment: draft.environment,
    ...limitsOf(draft),
  };
}

function limitsOf(draft: Pick<KeyDraft, "expiresAt" | "addresses" | "requestsPerMinute">) {
  return {
    expires_at: draft.expiresAt ?? null,
    allowed_addresses: linesOf(draft.addresses),
    requests_per_minute: draft.requestsPerMinute === "" ? null : (draft.requestsPerMinute as number),
  };
}

export function linesOf(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

export type KeyLimits = Pick<KeyDraft, "name" | "expiresAt" | "addresses" | "requestsPerMinute">;

export function limitsDraftOf(key: Schemas["ApiKeyView"]): KeyLimits {
  return {
    name: key.name,
    expiresAt: key.expires_at ?? undefined,
    addresses: key.allowed_addresses.join("\n"),
    requestsPerMinute: key.requests_per_minute,
  };
}

/** What a draft of a key's bounds asks for. */
export function keyBoundsOf(draft: KeyLimits): Schemas["KeyChange"] {
  return { name: draft.name.trim(), ...limitsOf(draft) };
}

const INCLUDED: Record<string, string> = { "webhooks:read": "webhooks:write" };

/** Whether a session may give a scope to a key: it must have it itself, or one that includes it. */
export function mayGrant(allows: (scope: string) => boolean, scope: string): boolean {
  const larger = INCLUDED[scope];
  return allows(scope) || (larger !== undefined && allows(larger));
}

/** "calls:initiate, calls:read and 2 more". */
export function scopesText(scopes: string[]): string {
  const shown = scopes.slice(0, 2).join(", ");
  return scopes.length > 2 ? `${shown} and ${scopes.length - 2} more` : shown;
}
