import { Button, Checkbox, NumberInput, Textarea, TextInput } from "@mantine/core";
import { ChangedElsewhere } from "~/components/ChangedElsewhere";
import { FormError } from "~/components/FormError";
import type { Edited } from "~/components/use-draft";
import { fieldError } from "~/lib/form-errors";
import { lacksEvents, type Draft } from "./draft";
import { EventChoice } from "./EventChoice";
import { HeaderFields } from "./HeaderFields";
import classes from "./webhooks.module.css";

interface WebhookFormProps {
  form: Edited<Draft>;
  submit: string;
  isBusy: boolean;
  error: Error | null;
  /** Why it cannot be changed. */
  blocked?: string | undefined;
  onSubmit: (draft: Draft) => void;
  onCancel?: () => void;
}

const FIELDS = ["url", "description", "filter", "headers", "max_attempts", "rate_limit_per_s"];

/** The fields of a webhook; the API says what is wrong with them. */
export function WebhookForm(props: WebhookFormProps) {
  const { form, submit, isBusy, error, blocked, onSubmit, onCancel } = props;
  const { draft, change: set } = form;
  const elsewhere = isBusy ? null : form.elsewhere;
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
        label="URL"
        description="Its query is never shown again: put tokens into headers, which are encrypted."
        placeholder="https://your-backend.com/hooks"
        type="url"
        value={draft.url}
        error={fieldError(error, "url")}
        onChange={(event) => set({ url: event.currentTarget.value })}
      />
      <Textarea
        label="Description"
        rows={2}
        value={draft.description}
        error={fieldError(error, "description")}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      <EventChoice draft={draft} onChange={set} error={fieldError(error, "filter")} />
      <fieldset className={classes.group}>
        <legend>What events of calls include</legend>
        <Checkbox
          label="The transcript"
          checked={draft.includeTranscript}
          onChange={(event) => set({ includeTranscript: event.currentTarget.checked })}
          mb={6}
        />
        <Checkbox
          label="The metrics"
          checked={draft.includeMetrics}
          onChange={(event) => set({ includeMetrics: event.currentTarget.checked })}
        />
      </fieldset>
      <HeaderFields
        headers={draft.headers}
        onChange={(headers) => set({ headers })}
        error={fieldError(error, "headers")}
      />
      <div className={classes.two}>
        <NumberInput
          label="Attempts for each delivery"
          description="1 to 10: ten take three days and more."
          value={draft.maxAttempts}
          error={fieldError(error, "max_attempts")}
          onChange={(maxAttempts) => set({ maxAttempts })}
        />
        <NumberInput
          label="Requests per second"
          description="1 to 100; empty: no limit."
          value={draft.ratePerS}
          error={fieldError(error, "rate_limit_per_s")}
          onChange={(ratePerS) => set({ ratePerS })}
        />
      </div>
      <ChangedElsewhere elsewhere={elsewhere} />
      <FormError error={error} fields={FIELDS} />
      {blocked && <p className={classes.muted}>{blocked}</p>}
      <div className={classes.panelFoot}>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <Button
          type="submit"
          loading={isBusy}
          disabled={blocked !== undefined || elsewhere !== null || lacksEvents(draft)}
        >
          {submit}
        </Button>
      </div>
    </form>
  );
}
