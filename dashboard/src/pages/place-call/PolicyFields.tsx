import { Chip, Group, MultiSelect, Switch, TextInput } from "@mantine/core";
import { useSession } from "~/api/use-session";
import type { FieldsProps } from "./CallForm";
import { DAYS } from "./draft";
import { errorOf } from "./errors";
import classes from "./PlaceCallPage.module.css";

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

/** How it is dialled, and how often. */
export function PolicyFields(props: FieldsProps) {
  const { draft, set, error, isPhone } = props;
  const isTest = useSession().mode === "test";
  if (!isPhone && !isTest) return null;
  return (
    <fieldset className={classes.section}>
      <legend>How</legend>
      <div className={classes.pair}>
        {isPhone && (
          <TextInput
            label="Priority"
            description="0 is dialled first, 10 last"
            placeholder={draft.kind === "phone" ? "5" : "The workflow's"}
            inputMode="numeric"
            value={draft.priority}
            error={errorOf(error, "priority")}
            onChange={(event) => set({ priority: event.currentTarget.value })}
          />
        )}
        {isTest && (
          <TextInput
            label="Speed of the simulation"
            description="1 to 100 times real time"
            placeholder="1"
            inputMode="numeric"
            value={draft.testSpeed}
            error={errorOf(error, "testSpeed", "test_speed")}
            onChange={(event) => set({ testSpeed: event.currentTarget.value })}
          />
        )}
      </div>
      {isPhone && <WindowFields {...props} />}
      {isPhone && <RedialFields {...props} />}
    </fieldset>
  );
}

function WindowFields({ draft, set, error }: FieldsProps) {
  return (
    <>
      <Switch
        label="Calling window of its own"
        description="Off: the window of the agent or workflow, if it has one"
        checked={draft.hasWindow}
        error={errorOf(error, "callingWindow", "calling_window")}
        onChange={(event) => set({ hasWindow: event.currentTarget.checked })}
      />
      {draft.hasWindow && (
        <>
          <div className={classes.pair}>
            <TextInput
              type="time"
              label="Rings from"
              value={draft.windowStart}
              onChange={(event) => set({ windowStart: event.currentTarget.value })}
            />
            <TextInput
              type="time"
              label="Rings until"
              value={draft.windowEnd}
              onChange={(event) => set({ windowEnd: event.currentTarget.value })}
            />
          </div>
          <Chip.Group multiple value={draft.windowDays} onChange={(windowDays) => set({ windowDays })}>
            <Group gap={6} role="group" aria-label="Days">
              {DAYS.map((day) => (
                <Chip key={day} value={day} size="xs">
                  {day}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          <TextInput
            label="Time zone"
            description="Default: that of the phone number"
            placeholder="America/Denver"
            value={draft.windowTimezone}
            onChange={(event) => set({ windowTimezone: event.currentTarget.value })}
          />
        </>
      )}
    </>
  );
}

function RedialFields({ draft, set, error }: FieldsProps) {
  return (
    <>
      <Switch
        label="Redials of its own"
        description="Off: the redial policy of the agent or workflow, if it has one"
        checked={draft.hasRedial}
        error={errorOf(error, "redial")}
        onChange={(event) => set({ hasRedial: event.currentTarget.checked })}
      />
      {draft.hasRedial && (
        <>
          <div className={classes.pair}>
            <TextInput
              label="Attempts at most"
              inputMode="numeric"
              value={draft.redialAttempts}
              onChange={(event) => set({ redialAttempts: event.currentTarget.value })}
            />
            <TextInput
              label="Seconds between"
              description="Several with commas: the last one repeats"
              value={draft.redialSeconds}
              onChange={(event) => set({ redialSeconds: event.currentTarget.value })}
            />
          </div>
          <MultiSelect
            label="After"
            data={RETRY_ON.map((value) => ({ value, label: value.replaceAll("_", " ") }))}
            value={draft.redialOn}
            onChange={(redialOn) => set({ redialOn })}
          />
        </>
      )}
    </>
  );
}
