/** The number rules as a form has them. Pure: the API says what is not valid. */
import type { Schemas } from "~/api/client";
import type { NumberRules } from "./queries";

export interface RulesFields {
  allowed_prefixes: string[];
  denied_prefixes: string[];
  max_attempts: string | number;
  per_hours: string | number;
  default_timezone: string | null;
}

export function fieldsOf(rules: NumberRules): RulesFields {
  return {
    allowed_prefixes: rules.allowed_prefixes,
    denied_prefixes: rules.denied_prefixes,
    max_attempts: rules.frequency_cap?.max_attempts ?? "",
    per_hours: rules.frequency_cap?.per_hours ?? "",
    default_timezone: rules.default_timezone,
  };
}

/** The whole of the rules; a cap of which one half is missing is sent as it is, and the API names it. */
export function specOf(fields: RulesFields): Schemas["NumberRulesSpec"] {
  const isCapped = fields.max_attempts !== "" || fields.per_hours !== "";
  return {
    allowed_prefixes: fields.allowed_prefixes.map(cleaned),
    denied_prefixes: fields.denied_prefixes.map(cleaned),
    frequency_cap: isCapped
      ? { max_attempts: Number(fields.max_attempts), per_hours: Number(fields.per_hours) }
      : null,
    default_timezone: fields.default_timezone,
  };
}

/** "+1 900" and "1900" are "+1900"; anything else stays as it was typed. */
function cleaned(prefix: string): string {
  const text = prefix.replace(/[\s().-]/g, "").replace(/^00/, "+");
  return /^[1-9]\d*$/.test(text) ? `+${text}` : text;
}

/** What saving does that a person may not expect: null if nothing. */
export function consequence(before: NumberRules, after: RulesFields): string | null {
  const allowed = after.allowed_prefixes;
  if (before.allowed_prefixes.length === 0 && allowed.length > 0)
    return "Only numbers with an allowed prefix may be called then. Calls that wait for other numbers fail as number_not_allowed.";
  const added = after.denied_prefixes.filter((prefix) => !before.denied_prefixes.includes(prefix));
  const removed = before.allowed_prefixes.filter((prefix) => !allowed.includes(prefix));
  if (added.length === 0 && (removed.length === 0 || allowed.length === 0)) return null;
  return "Calls that wait for numbers that are no longer allowed fail as number_not_allowed.";
}
