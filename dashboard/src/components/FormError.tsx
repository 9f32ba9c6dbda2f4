import { ApiError } from "~/api/errors";
import classes from "./FormError.module.css";

interface FormErrorProps {
  error: Error | null;
  /** Fields that show their own errors: those are not repeated here. */
  fields?: string[];
}

/** The part of an error that no field of the form shows. */
export function FormError({ error, fields = [] }: FormErrorProps) {
  if (!error || isShownByFields(error, fields)) return null;
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <div role="alert" className={classes.error}>
      {error.message}
      {requestId && (
        <>
          {" "}
          Request <code>{requestId}</code>
        </>
      )}
    </div>
  );
}

function isShownByFields(error: Error, fields: string[]): boolean {
  if (!(error instanceof ApiError) || error.fieldErrors.length === 0) return false;
  return error.fieldErrors.every((each) => fields.includes(each.field));
}
