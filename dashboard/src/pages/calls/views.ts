/** Saved views: named filters in this browser. Whom a person searched for is not kept. */
import { readPreference, writePreference } from "~/lib/preferences";
import { callFilters, type CallFilters } from "./filters";

export interface SavedView {
  name: string;
  filters: CallFilters;
}

export const LONGEST_NAME = 40;
const MOST = 30;

/** The part of the filters that a view keeps: a number, a user or metadata would be personal data. */
export function keptFilters(filters: CallFilters): CallFilters {
  return { ...filters, phone_number: undefined, user_id: undefined, metadata: undefined };
}

/** Reads views that may have been written by an earlier release, or by hand. */
export function parseViews(text: string | null): SavedView[] {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(stored)) return [];
  return stored.slice(0, MOST).flatMap((each: unknown) => {
    const { name, filters } = (each ?? {}) as { name?: unknown; filters?: unknown };
    if (typeof name !== "string" || typeof filters !== "object" || filters === null) return [];
    return [
      {
        name: name.slice(0, LONGEST_NAME),
        filters: keptFilters(callFilters(filters as Record<string, unknown>)),
      },
    ];
  });
}

/** Adds a view, or replaces the one of its name. */
export function withView(views: SavedView[], name: string, filters: CallFilters): SavedView[] {
  const view = { name: name.trim().slice(0, LONGEST_NAME), filters: keptFilters(filters) };
  const others = views.filter((each) => each.name !== view.name);
  return [...others, view].slice(-MOST);
}

export function readViews(tenantId: string): SavedView[] {
  return parseViews(readPreference(`views-${tenantId}`));
}

export function writeViews(tenantId: string, views: SavedView[]): void {
  writePreference(`views-${tenantId}`, views.length === 0 ? null : JSON.stringify(views));
}
