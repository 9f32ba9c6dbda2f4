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
