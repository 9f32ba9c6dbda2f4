/** A form's draft of something that others may change meanwhile. Pure. */

/** Whether two values are written as the same JSON. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The names of the fields that differ. */
export function differences<Fields extends object>(before: Fields, after: Fields): (keyof Fields)[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Fields)[];
  return names.filter((name) => !isSame(before[name], after[name]));
}

/** The fields of `after` that differ from `before`: what a PATCH sends, so that it changes nothing else. */
export function changedFields<Fields extends object>(before: Fields, after: Fields): Partial<Fields> {
  return Object.fromEntries(differences(before, after).map((name) => [name, after[name]])) as Partial<Fields>;
}

/** The newer values, with what was edited since `base` put over them. */
export function rebased<Draft extends object>(base: Draft, edited: Draft, newer: Draft): Draft {
  return { ...newer, ...changedFields(base, edited) };
}
