import { Button } from "@mantine/core";
import { FormError } from "~/components/FormError";
import { ScopedButton } from "~/components/ScopedButton";
import { fieldsWithin } from "~/lib/form-errors";
import classes from "./build.module.css";

interface SaveBarProps {
  scope: string;
  label: string;
  error: Error | null;
  /** Fields that show their own errors, also of what is in them. */
  fields: string[];
  isSaving: boolean;
  /** What was done: "Saved as version 3." */
  done?: string | undefined;
  onSave: () => void;
  onCancel?: (() => void) | undefined;
}

/** The end of a form: what is wrong, save, cancel. */
export function SaveBar({ scope, label, error, fields, isSaving, done, onSave, onCancel }: SaveBarProps) {
  return (
    <>
      <FormError error={error} fields={fieldsWithin(error, fields)} />
      <div className={classes.buttons}>
        <ScopedButton scope={scope} loading={isSaving} onClick={onSave}>
          {label}
        </ScopedButton>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <span role="status" className={classes.muted}>
          {done ?? ""}
        </span>
      </div>
    </>
  );
}
