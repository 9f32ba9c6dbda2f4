import { SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Fields, Section } from "~/components/Section";
import { fieldError } from "~/lib/form-errors";
import build from "../build/build.module.css";
import { timesOf, type ScheduleDraft } from "./draft";
import { NextRuns } from "./NextRuns";
import { previewQuery } from "./queries";

interface TimesFieldsProps {
  draft: ScheduleDraft;
  onChange: (change: Partial<ScheduleDraft>) => void;
  error: Error | null;
}

const PAUSE_MS = 400;

/** When a schedule runs, with a preview by the API of its next runs. */
export function TimesFields({ draft, onChange, error }: TimesFieldsProps) {
  const [times] = useDebouncedValue(JSON.stringify(timesOf(draft)), PAUSE_MS);
  const preview = useQuery(previewQuery(JSON.parse(times) as ReturnType<typeof timesOf>));
  // Until it is saved, the preview says what is wrong.
  const wrong = error ?? preview.error;
  return (
    <Section title="When">
      <div className={build.stack}>
        <SegmentedControl
          aria-label="How it repeats"
          data={[
            { value: "cron", label: "Crontab" },
            { value: "rate", label: "Rate" },
            { value: "at", label: "Once" },
          ]}
          value={draft.when}
          onChange={(when) => onChange({ when })}
          w="fit-content"
        />
        <Fields>
          <Moment draft={draft} onChange={onChange} error={wrong} />
          {draft.when === "cron" && (
            <TextInput
              label="Time zone"
              description="An IANA name, as Europe/Berlin."
              value={draft.timezone}
              onChange={(event) => onChange({ timezone: event.currentTarget.value })}
              error={fieldError(wrong, "timezone")}
            />
          )}
          <TextInput
            type="datetime-local"
            label="Not before"
            description="In your zone; empty: from now."
            value={draft.starts_at}
            onChange={(event) => onChange({ starts_at: event.currentTarget.value })}
            error={fieldError(wrong, "starts_at")}
          />
          <TextInput
            type="datetime-local"
            label="Not after"
            description="In your zone; empty: without end."
            value={draft.ends_at}
            onChange={(event) => onChange({ ends_at: event.currentTarget.value })}
            error={fieldError(wrong, "ends_at")}
          />
        </Fields>
        <NextRuns
          runs={preview.data?.next_runs}
          zone={draft.when === "cron" ? draft.timezone : undefined}
          problem={preview.error?.message}
        />
      </div>
    </Section>
  );
}

function Moment({ draft, onChange, error }: TimesFieldsProps) {
  if (draft.when === "cron") {
    return (
      <TextInput
        label="Crontab line"
        description="Minute, hour, day of month, month, day of week."
        value={draft.cron}
        onChange={(event) => onChange({ cron: event.currentTarget.value })}
        error={fieldError(error, "cron")}
      />
    );
  }
  if (draft.when === "rate") {
    return (
      <TextInput
        label="Every"
        description="As 15 minutes, 2 hours or 1 day."
        value={draft.rate}
        onChange={(event) => onChange({ rate: event.currentTarget.value })}
        error={fieldError(error, "rate")}
      />
    );
  }
  return (
    <TextInput
      type="datetime-local"
      label="At"
      description="In your zone."
      value={draft.at}
      onChange={(event) => onChange({ at: event.currentTarget.value })}
      error={fieldError(error, "at")}
    />
  );
}
