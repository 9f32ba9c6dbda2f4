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

/** The newer values, with what was edited since `base` put over them; within objects, only what was edited there. */
export function rebased<Draft extends object>(base: Draft, edited: Draft, newer: Draft): Draft {
  const result: Partial<Draft> = { ...newer };
  for (const name of differences(base, edited)) {
    if (name in edited) result[name] = merged(base[name], edited[name], newer[name]);
    else Reflect.deleteProperty(result, name);
  }
  return result as Draft;
}

function merged<Value>(base: Value, edited: Value, newer: Value): Value {
  return isObject(base) && isObject(edited) && isObject(newer) ? rebased(base, edited, newer) : edited;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
