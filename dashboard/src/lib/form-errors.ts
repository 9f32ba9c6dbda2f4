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

/** Returns the text for the first of a field's names that has one: the API has two vocabularies. */
export function errorOf(error: Error | null, ...names: string[]): string | undefined {
  return names.map((name) => errorWithin(error, name)).find((text) => text !== undefined);
}

/** The error with the fields of `part` as if it had been sent by itself: `body.agentId` is `agentId`. */
export function errorIn(error: Error | null, part: string): Error | null {
  if (!(error instanceof ApiError)) return error;
  const fieldErrors = error.fieldErrors.map(({ field, message }) => ({
    field: field.startsWith(`${part}.`) ? field.slice(part.length + 1) : field,
    message,
  }));
  const { status, type, message } = error;
  return new ApiError(status, { type, message, fieldErrors });
}
