/** Texts of the API beside the fields of a form. Pure. */
import { ApiError } from "~/api/errors";

/**
 * Returns the text for a field, or undefined:
 *
 *     <TextInput label="Name" error={fieldError(create.error, "name")} />
 */
export function fieldError(error: Error | null, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.fieldErrors.find((each) => each.field === field)?.message;
}

/** Returns the texts for a field and for all within it: `config.actions.0.url` is within `config`. */
export function errorWithin(error: Error | null, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const found = error.fieldErrors.filter(
    (each) => each.field === field || each.field.startsWith(`${field}.`),
  );
  return found.length === 0 ? undefined : found.map((each) => each.message).join("\n");
}

/** The fields of an error that are one of these, or within one of them. */
export function fieldsWithin(error: Error | null, fields: string[]): string[] {
  if (!(error instanceof ApiError)) return [];
  return error.fieldErrors
    .map((each) => each.field)
    .filter((name) => fields.some((field) => name === field || name.startsWith(`${field}.`)));
}
