import { Button } from "@mantine/core";
import { ChangedElsewhere, CHOOSE_FIRST } from "~/components/ChangedElsewhere";
import { FormError } from "~/components/FormError";
import { ScopedButton } from "~/components/ScopedButton";
import { fieldsWithin } from "~/lib/form-errors";
import classes from "./build.module.css";
import type { ResourceForm } from "./use-resource-form";

interface SaveBarProps {
  form: Omit<ResourceForm<object>, "change" | "settle">;
  scope: string;
  /** The verb for a new one: "Create agent". */
  create: string;
  /** Fields that show their own errors, also of what is in them. */
  fields: string[];
  /** What was done: "Saved as version 3." */
  done: string;
  /** Why the form cannot be sent: the field says it, too. */
  problem?: string | undefined;
  onCancel?: (() => void) | undefined;
}

/** The end of a form: what is wrong, save, discard or cancel. */
export function SaveBar({ form, scope, create, fields, done, problem, onCancel }: SaveBarProps) {
  const { error, isNew, isSaving, hasChanges } = form;
  const elsewhere = isSaving ? null : form.elsewhere;
  const unchanged = isNew || hasChanges ? undefined : "Nothing has been changed.";
  return (
    <>
      <ChangedElsewhere elsewhere={elsewhere} />
      <FormError error={error} fields={fieldsWithin(error, fields)} />
      <div className={classes.buttons}>
        <ScopedButton
          scope={scope}
          loading={isSaving}
          blocked={problem ?? (elsewhere ? CHOOSE_FIRST : unchanged)}
          onClick={form.save}
        >
          {isNew ? create : "Save"}
        </ScopedButton>
        {!isNew && form.isChanged && (
          <Button variant="default" onClick={form.discard}>
            Discard
          </Button>
        )}
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <span role="status" className={classes.muted}>
          {form.isSaved && !isNew ? done : ""}
        </span>
      </div>
    </>
  );
}
