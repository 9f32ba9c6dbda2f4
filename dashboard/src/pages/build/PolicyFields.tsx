import { MultiSelect, NumberInput, Switch, TextInput } from "@mantine/core";
import { Fields } from "~/components/Section";
import { errorOf } from "~/lib/form-errors";
import { namesWith } from "./names";
import { DAYS, type PolicyDraft } from "./policy";
import classes from "./build.module.css";

interface PolicyFieldsProps {
  draft: PolicyDraft;
  onChange: (change: Partial<PolicyDraft>) => void;
  error: Error | null;
  /** What applies without a policy: "Without, calls are dialled once." */
  without: { redial: string; window: string };
}

/** `retryOn`'s words: docs/statuses.md, "Attempts and redials". */
const RETRY_ON = [
  ...[
    "busy",
    "no_answer",
    "declined",
    "voicemail",
    "agent_unavailable",
    "trunk_unavailable",
    "trunk_rejected",
  ],
  ...[
    "trunk_no_response",
    "trunk_unreachable",
    "trunk_auth_failed",
    "media_failed",
    "blocked_by_carrier",
    "unknown",
  ],
];

/** When a call is dialled again, and at which local times a phone may ring. */
export function PolicyFields({ draft, onChange, error, without }: PolicyFieldsProps) {
  return (
    <div className={classes.policies}>
      <Switch
        label="Dial again"
        description={without.redial}
        checked={draft.redials}
        onChange={(event) => onChange({ redials: event.currentTarget.checked })}
      />
      {draft.redials && <RedialFields draft={draft} onChange={onChange} />}
      <FieldTexts text={errorOf(error, "redial")} />
      <Switch
        label="Calling window"
        description={without.window}
        checked={draft.hasWindow}
        onChange={(event) => onChange({ hasWindow: event.currentTarget.checked })}
      />
      {draft.hasWindow && <WindowFields draft={draft} onChange={onChange} />}
      <FieldTexts text={errorOf(error, "calling_window", "callingWindow")} />
    </div>
  );
}

function FieldTexts({ text }: { text: string | undefined }) {
  return text ? (
    <p role="alert" className={classes.error}>
      {text}
    </p>
  ) : null;
}

type PartProps = Pick<PolicyFieldsProps, "draft" | "onChange">;

function RedialFields({ draft, onChange }: PartProps) {
  return (
    <Fields>
      <NumberInput
        label="Attempts"
        description="Includes the first."
        value={draft.maxAttempts}
        onChange={(maxAttempts) => onChange({ maxAttempts })}
      />
      <MultiSelect
        label="After these reasons"
        data={namesWith(RETRY_ON, draft.retryOn).map((value) => ({
          value,
          label: value.replaceAll("_", " "),
        }))}
        value={draft.retryOn}
        onChange={(retryOn) => onChange({ retryOn })}
      />
      <TextInput
        label="Seconds between attempts"
        description="The last one repeats."
        value={draft.intervals}
        onChange={(event) => onChange({ intervals: event.currentTarget.value })}
      />
    </Fields>
  );
}

function WindowFields({ draft, onChange }: PartProps) {
  return (
    <Fields>
      <TextInput
        label="From"
        value={draft.start}
        onChange={(event) => onChange({ start: event.currentTarget.value })}
      />
      <TextInput
        label="To"
        value={draft.end}
        onChange={(event) => onChange({ end: event.currentTarget.value })}
      />
      <MultiSelect label="Days" data={[...DAYS]} value={draft.days} onChange={(days) => onChange({ days })} />
      <TextInput
        label="Time zone of the window"
        placeholder="The callee's"
        value={draft.timezone}
        onChange={(event) => onChange({ timezone: event.currentTarget.value })}
      />
    </Fields>
  );
}
