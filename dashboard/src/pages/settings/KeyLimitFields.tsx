import { NumberInput, Textarea, TextInput } from "@mantine/core";
import { fieldError } from "~/lib/form-errors";
import { fromLocalField, toLocalField } from "~/lib/local-time";
import type { KeyLimits } from "./key-draft";
import classes from "./settings.module.css";

interface KeyLimitFieldsProps {
  draft: KeyLimits;
  onChange: (change: Partial<KeyLimits>) => void;
  error: Error | null;
  /** What an empty field means. */
  inherited: string;
}

/** Until when, from where and how often a key may be used. */
export function KeyLimitFields({ draft, onChange, error, inherited }: KeyLimitFieldsProps) {
  return (
    <>
      <div className={classes.two}>
        <TextInput
          label="Expires"
          description={`Empty: ${inherited.toLowerCase()}.`}
          type="datetime-local"
          value={toLocalField(draft.expiresAt)}
          error={fieldError(error, "expires_at")}
          onChange={(event) => onChange({ expiresAt: fromLocalField(event.currentTarget.value) })}
        />
        <NumberInput
          label="Requests per minute"
          description={`Empty: ${inherited.toLowerCase()}.`}
          value={draft.requestsPerMinute}
          error={fieldError(error, "requests_per_minute")}
          onChange={(requestsPerMinute) => onChange({ requestsPerMinute })}
        />
      </div>
      <Textarea
        label="Allowed addresses"
        description={`One address or network a line. Empty: ${inherited.toLowerCase()}.`}
        placeholder="203.0.113.0/24"
        rows={3}
        value={draft.addresses}
        error={fieldError(error, "allowed_addresses")}
        onChange={(event) => onChange({ addresses: event.currentTarget.value })}
      />
    </>
  );
}
