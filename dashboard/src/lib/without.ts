/** An object without one of its fields. Pure. */
export function without<Fields extends object, Name extends keyof Fields>(
  fields: Fields,
  name: Name,
): Omit<Fields, Name> {
  return Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name)) as Omit<Fields, Name>;
}
