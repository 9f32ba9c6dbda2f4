/**
 * Filters in the URL. Each page says which ones it has, and a value that is none of them is as if it were not
 * there: a link never breaks a page.
 *
 *     validateSearch: (search) => ({ status: oneOf(search.status, STATUSES), user_id: textOf(search.user_id) })
 */

export function textOf(value: unknown, maxLength = 200): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text !== "" && text.length <= maxLength ? text : undefined;
}

export function oneOf<Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined {
  return choices.find((choice) => choice === value);
}

export function numberOf(value: unknown, least: number, most: number): number | undefined {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && number >= least && number <= most ? number : undefined;
}

export function flagOf(value: unknown): true | undefined {
  return value === true || value === "true" || value === 1 ? true : undefined;
}

/** An ISO 8601 time with its offset. */
export function timeOf(value: unknown): string | undefined {
  const text = textOf(value, 40);
  return text && /(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

/** Whether any filter is set: an empty list then has another reason than that there is nothing. */
export function hasFilters(search: object): boolean {
  return Object.values(search).some((value: unknown) => value !== undefined);
}
