/** The template that calls each row, from columns. Pure. */
import { prettyJson } from "~/lib/json-text";
import { asJson, bodyDraft, bodyOf, type BodyDraft } from "../call-form/body";

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

/** The body of each call with values of a row's columns in it; what else it says stays. */
export function withMapping(draft: BodyDraft, kind: string, mapping: Mapping): BodyDraft {
  const fields = draft.json === null ? draft : bodyDraft(kind, bodyOf(draft));
  const metadata = Object.fromEntries(mapping.metadata.map((column) => [column, placeholder(column)]));
  const mapped: BodyDraft = {
    ...fields,
    call: {
      ...fields.call,
      phoneNumber: mapping.phone === null ? "" : placeholder(mapping.phone),
      userId: mapping.user === null ? "" : placeholder(mapping.user),
      metadata: mapping.metadata.length === 0 ? "" : prettyJson(metadata),
    },
  };
  return draft.json === null ? mapped : asJson(mapped);
}
