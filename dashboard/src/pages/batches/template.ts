/** The template that calls each row, from columns. Pure. */
import { parseObject, prettyJson } from "~/lib/json-text";
import { asJson, bodyDraft, bodyOf, bodyProblem, type BodyDraft } from "../call-form/body";

/** How a template names a column: `{{row.name}}`, or `{{row["Phone (mobile)"]}}`. */
export function placeholder(column: string): string {
  return /^[\p{L}_][\p{L}\p{N}_ -]*$/u.test(column)
    ? `{{row.${column}}}`
    : `{{row[${JSON.stringify(column)}]}}`;
}

/** The column that most likely has the numbers. */
export function phoneColumn(columns: string[]): string | null {
  const named = /phone|number|mobile|tel/i;
  return columns.find((column) => named.test(column)) ?? columns[0] ?? null;
}

/** The column that most likely names the person: without one, the numbers do. */
export function userColumn(columns: string[]): string | null {
  const named = /^(user|customer|client|person|contact)?[ _-]?id$/i;
  return columns.find((column) => named.test(column)) ?? phoneColumn(columns);
}

/** Which columns go where. */
export interface Mapping {
  phone: string | null;
  user: string | null;
  metadata: string[];
}

export const NO_MAPPING: Mapping = { phone: null, user: null, metadata: [] };

/**
 * The body of each call with values of a row's columns in it, which were at other places `before`; what else it
 * says stays, and so does text that cannot be read at the moment.
 */
export function withMapping(draft: BodyDraft, kind: string, mapping: Mapping, before: Mapping): BodyDraft {
  if (bodyProblem(draft) !== undefined) return draft;
  const fields = draft.json === null ? draft : bodyDraft(kind, bodyOf(draft));
  const { phoneNumber, userId, metadata } = fields.call;
  const mapped: BodyDraft = {
    ...fields,
    call: {
      ...fields.call,
      phoneNumber: moved(phoneNumber, mapping.phone, before.phone),
      userId: moved(userId, mapping.user, before.user),
      metadata: metadataOf(metadata, mapping.metadata, before.metadata),
    },
  };
  return draft.json === null ? mapped : asJson(mapped);
}

/** A text stays, unless another column was chosen for it, or there is none. */
function moved(text: string, column: string | null, before: string | null): string {
  if (column === before && text !== "") return text;
  return column === null ? "" : placeholder(column);
}

/** Entries that somebody wrote stay, also in the place of a column. */
function metadataOf(text: string, columns: string[], before: string[]): string {
  const written = parseObject(text, "metadata").value;
  if (written === undefined && columns.join() === before.join()) return text;
  const gone = before.filter((column) => !columns.includes(column));
  const kept = Object.entries(written ?? {}).filter(
    ([name, value]) => !(gone.includes(name) && value === placeholder(name)),
  );
  const known = new Map(kept);
  for (const column of columns) if (!known.has(column)) known.set(column, placeholder(column));
  return known.size === 0 ? "" : prettyJson(Object.fromEntries(known));
}
