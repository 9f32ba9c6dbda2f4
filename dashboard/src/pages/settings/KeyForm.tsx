import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import { useSession } from "~/api/use-session";
import { FormError } from "~/components/FormError";
import { fieldError } from "~/lib/form-errors";
import { newKeyDraft, type KeyDraft } from "./key-draft";
import { KeyLimitFields } from "./KeyLimitFields";
import { ScopeChoice } from "./ScopeChoice";
import classes from "./settings.module.css";

interface KeyFormProps {
  isBusy: boolean;
  error: Error | null;
  onSubmit: (draft: KeyDraft) => void;
  onCancel: () => void;
}

export const KEY_FIELDS = [
  "name",
  "scopes",
  "environment",
  "expires_at",
  "allowed_addresses",
  "requests_per_minute",
];

/** The fields of a new key: name, environment, scopes, and its bounds. */
export function KeyForm({ isBusy, error, onSubmit, onCancel }: KeyFormProps) {
  const { mode } = useSession();
  const [draft, setDraft] = useState(() => newKeyDraft(mode));
  const set = (change: Partial<KeyDraft>) => setDraft({ ...draft, ...change });
  const environmentError = fieldError(error, "environment");
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(draft);
      }}
    >
      <TextInput
        data-autofocus
        label="Name"
        description="Who uses it, and for what."
        placeholder="crm backend"
        value={draft.name}
        error={fieldError(error, "name")}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <fieldset className={classes.group}>
        <legend>Environment</legend>
        <SegmentedControl
          aria-label="Environment"
          value={draft.environment}
          onChange={(value) => set({ environment: value === "live" ? "live" : "test" })}
          data={[
            { value: "live", label: "Live (production)", disabled: mode === "test" },
            { value: "test", label: "Test (staging)" },
          ]}
        />
        <p className={classes.hint}>
          {mode === "test"
            ? "Test mode makes test keys alone. Switch to live mode for a live key."
            : "No phone rings by a test key, and it sees test data alone."}
        </p>
        {environmentError && (
          <p role="alert" className={classes.error}>
            {environmentError}
          </p>
        )}
      </fieldset>
      <ScopeChoice
        chosen={draft.scopes}
        onChange={(scopes) => set({ scopes })}
        error={fieldError(error, "scopes")}
      />
      <KeyLimitFields draft={draft} onChange={set} error={error} inherited="As the key you signed in with" />
      <FormError error={error} fields={KEY_FIELDS} />
      <div className={classes.foot}>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" loading={isBusy}>
          Create API key
        </Button>
      </div>
    </form>
  );
}
