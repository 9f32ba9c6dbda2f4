/** The API's text for a field that has a name in each of its vocabularies. Pure. */
import { fieldError } from "~/lib/form-errors";

export function errorOf(error: Error | null, ...names: string[]): string | undefined {
  return names.map((name) => fieldError(error, name)).find((text) => text !== undefined);
}
