import { NumberInput, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { JsonField } from "~/components/JsonField";
import { Fields, Section } from "~/components/Section";
import { errorWithin, fieldError } from "~/lib/form-errors";
import { parseObject } from "~/lib/json-text";
import build from "../build/build.module.css";
import { SaveBar } from "../build/SaveBar";
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
  const [draft, setDraft] = useState(() => scheduleDraft(schedule, viewersZone()));
  const [once] = useState(newIdempotencyKey);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const fields = scheduleFields(draft);
      if (!schedule) {
        return body(api.POST("/api/v1/schedules", { body: { ...fields, enabled: true }, headers: once }));
      }
      const params = { path: { schedule_id: schedule.id } };
      const change = { ...fields, enabled: schedule.enabled };
      return body(api.PATCH("/api/v1/schedules/{schedule_id}", { params, body: change }));
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ["schedules"] });
      onSaved(saved);
    },
  });
  const change = (part: Partial<ScheduleDraft>) => setDraft((before) => ({ ...before, ...part }));
  return (
    <form className={build.form} onSubmit={(event) => event.preventDefault()}>
      <TimesFields draft={draft} onChange={change} error={save.error} />
      <CallFields draft={draft} onChange={change} error={save.error} />
      <SaveBar
        scope="schedules:write"
        label={schedule ? "Save" : "Create schedule"}
        error={save.error}
        fields={FIELDS}
        isSaving={save.isPending}
        done={save.data && schedule && "Saved. It takes effect at the next run."}
        onSave={() => parseObject(draft.body, "body").error === undefined && save.mutate()}
        onCancel={onCancel}
      />
    </form>
  );
}

function viewersZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

interface CallFieldsProps {
  draft: ScheduleDraft;
  onChange: (change: Partial<ScheduleDraft>) => void;
  error: Error | null;
}

function CallFields({ draft, onChange, error }: CallFieldsProps) {
  return (
    <Section title="Call" text="What each run creates.">
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
            label="Kind"
            data={[
              { value: "outbound", label: "Phone call: POST /calls/outbound" },
              { value: "workflow", label: "Workflow: POST /calls" },
            ]}
            allowDeselect={false}
            value={draft.kind}
            onChange={(kind) => onChange({ kind: kind === "workflow" ? kind : "outbound" })}
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
        <JsonField
          label="Body"
          description="With {{schedule.date}}, {{schedule.time}}, {{schedule.local_time}} or {{schedule.name}}. [hidden] keeps a stored value."
          value={draft.body}
          onChange={(text) => onChange({ body: text })}
          error={parseObject(draft.body, "body").error ?? errorWithin(error, "body")}
        />
      </div>
    </Section>
  );
}
