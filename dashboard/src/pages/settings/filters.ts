/** Search parameters of the settings. Pure. */
import { flagOf, textOf, timeOf } from "~/lib/search";

export interface KeysSearch {
  /** The form of a new key is open. */
  new?: true | undefined;
  /** The key in the side panel. */
  key?: string | undefined;
}

export function keysSearch(search: Record<string, unknown>): KeysSearch {
  return { new: flagOf(search.new), key: textOf(search.key, 40) };
}

export interface AuditFilters {
  action?: string | undefined;
  target_id?: string | undefined;
  actor_id?: string | undefined;
  after?: string | undefined;
  before?: string | undefined;
}

export function auditFilters(search: Record<string, unknown>): AuditFilters {
  return {
    action: textOf(search.action, 100),
    target_id: textOf(search.target_id),
    actor_id: textOf(search.actor_id),
    after: timeOf(search.after),
    before: timeOf(search.before),
  };
}
