import { NumberInput, Select, TextInput } from "@mantine/core";
import { api, body } from "~/api/client";
import { Fields, Section } from "~/components/Section";
import { fieldError } from "~/lib/form-errors";
import { viewerZone } from "~/lib/local-time";
import build from "../build/build.module.css";
import { SaveBar } from "../build/SaveBar";
import { useResourceForm } from "../build/use-resource-form";
import { bodyProblem, withKind } from "../call-form/body";
import { BodyEditor } from "../call-form/BodyEditor";
import { scheduleDraft, scheduleFields, type ScheduleDraft } from "./draft";
import type { Schedule } from "./queries";
import { TimesFields } from "./TimesFields";

interface ScheduleFormProps {
  /** The schedule to change; without, one is created. */
  schedule?: Schedule;
  onSaved: (schedule: Schedule) => void;
  onCancel?: () => void;
}

const FIELDS = [
  ...["name", "description", "kind", "body", "cron", "rate", "at", "timezone", "starts_at", "ends_at"],
  "flexible_window_minutes",
];

export function ScheduleForm({ schedule, onSaved, onCancel }: ScheduleFormProps) {
  const params = { path: { schedule_id: schedule?.id ?? "" } };
  const form = useResourceForm({
    stored: schedule,
    draftOf: (stored) => scheduleDraft(stored, viewerZone()),
    specOf: scheduleFields,
    create: (spec, headers) =>
      body(api.POST("/api/v1/schedules", { body: { ...spec, enabled: true }, headers })),
    update: (change) => body(api.PATCH("/api/v1/schedules/{schedule_id}", { params, body: change })),
    keyOf: ({ id }) => ["schedules", id],
    onSaved,
  });
  const parts = { draft: form.draft, onChange: form.change, error: form.error };
  return (
    <form className={build.form} onSubmit={(event) => event.preventDefault()}>
      <TimesFields {...parts} />
      <CallFields {...parts} />
      <SaveBar
        form={form}
        scope="schedules:write"
        create="Create schedule"
        fields={FIELDS}
        done="Saved. It takes effect at the next run."
        problem={bodyProblem(form.draft.call)}
        onCancel={onCancel}
      />
    </form>
  );
}

interface CallFieldsProps {
  draft: ScheduleDraft;
  onChange: (change: Partial<ScheduleDraft>) => void;
  error: Error | null;
}

function CallFields({ draft, onChange, error }: CallFieldsProps) {
  return (
    <Section title="Call">
      <div className={build.stack}>
        <Fields>
          <TextInput
            label="Name"
            value={draft.name}
            onChange={(event) => onChange({ name: event.currentTarget.value })}
            error={fieldError(error, "name")}
          />
          <TextInput
            label="Description"
            value={draft.description}
            onChange={(event) => onChange({ description: event.currentTarget.value })}
            error={fieldError(error, "description")}
          />
          <Select
            label="Each run starts"
            data={[
              { value: "outbound", label: "a phone call" },
              { value: "workflow", label: "a workflow call" },
            ]}
            allowDeselect={false}
            value={draft.kind}
            onChange={(kind) =>
              onChange({ kind: kind ?? draft.kind, call: withKind(draft.call, kind ?? draft.kind) })
            }
            error={fieldError(error, "kind")}
          />
          <NumberInput
            label="May start later by up to"
            suffix=" min"
            value={draft.flexible}
            onChange={(flexible) => onChange({ flexible })}
            error={fieldError(error, "flexible_window_minutes")}
          />
        </Fields>
        <BodyEditor
          draft={draft.call}
          kind={draft.kind}
          onChange={(call) => onChange({ call })}
          error={error}
          hint="{{schedule.date}}, {{schedule.time}}, {{schedule.local_time}} and {{schedule.name}} are the run's. [hidden] keeps a stored value."
        />
      </div>
    </Section>
  );
}
