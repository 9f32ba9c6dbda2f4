import { SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import { JsonField } from "~/components/JsonField";
import { Fields } from "~/components/Section";
import { errorIn, errorWithin, fieldsWithin } from "~/lib/form-errors";
import { textOf } from "~/lib/search";
import { PolicyFields } from "../build/LazyPolicyFields";
import { asJson, bodyDraft, bodyOf, bodyProblem, withText, type BodyDraft } from "./body";
import classes from "./call-form.module.css";
import { DataFields } from "./DataFields";
import { useWorkflows } from "./options";
import { PeopleFields } from "./PeopleFields";
import { jsonErrorsOf } from "./request";

interface BodyEditorProps {
  draft: BodyDraft;
  /** `outbound`, `schedule` or `workflow`: the route of the body. */
  kind: string;
  onChange: (draft: BodyDraft) => void;
  error: Error | null;
  /** How templates are written here: "{{event.phone}} stands for a value of the event." */
  hint: string;
  /** The priority of a call that sets none. */
  priority?: string;
}

const WITHOUT = {
  redial: "Off: the redial policy of the agent or workflow, if it has one.",
  window: "Off: the window of the agent or workflow, if it has one.",
};

/** Fields of the errors of a form with a body: they are shown here. */
export const BODY_FIELDS = ["body"];

/** The call that is created: by fields, or as JSON where it says more than they do. */
export function BodyEditor({ draft, kind, onChange, error, hint, priority = "5" }: BodyEditorProps) {
  const problem = bodyProblem(draft);
  const isJson = draft.json !== null;
  const [isTold, tell] = useState(false);
  const show = (as: string) => {
    if (problem !== undefined) tell(true);
    else onChange(as === "json" ? asJson(draft) : bodyDraft(kind, bodyOf(draft)));
  };
  return (
    <div className={classes.fields}>
      <div className={classes.head}>
        <p className={classes.note}>{hint}</p>
        <SegmentedControl
          size="xs"
          aria-label="Edit the call"
          value={isJson ? "json" : "fields"}
          onChange={show}
          data={[
            { value: "fields", label: "Fields" },
            { value: "json", label: "JSON" },
          ]}
        />
      </div>
      {isJson ? (
        <JsonField
          label="Body"
          description={`The body of POST ${PATHS[kind] ?? "/calls"}.`}
          value={draft.json ?? ""}
          onChange={(json) => onChange({ ...draft, json })}
          error={problem ?? errorWithin(error, "body")}
          minRows={6}
        />
      ) : (
        <BodyFields {...{ draft, kind, onChange, error, priority }} />
      )}
      {isTold && problem !== undefined && (
        <p role="alert" className={classes.error}>
          Mend it first, or it would be lost: {problem}
        </p>
      )}
    </div>
  );
}

const PATHS: Record<string, string> = { outbound: "/calls/outbound", schedule: "/calls/schedule" };

/** The times of a call at a time: mostly templates. */
const TIMES = [
  { name: "earliestAt", label: "May ring from", description: "ISO 8601, or {{event.call_at}}" },
  { name: "latestAt", label: "No attempt after", description: "ISO 8601; empty: a while later" },
];
const MOST_TEXT = 1_000;

/** Fields of a body that have a text of their own beside them. */
const SHOWN = [
  ...["agentId", "workflow_slug", "phoneNumber", "user_id", "user_context", "callerId", "caller_id"],
  ...["priority", "metadata", "redial", "callingWindow", "calling_window", "earliestAt", "latestAt"],
];

function BodyFields({ draft, kind, onChange, error, priority }: Omit<BodyEditorProps, "hint">) {
  const { call } = draft;
  const { workflows } = useWorkflows();
  const chosen = workflows.find(({ slug }) => slug === call.workflowSlug);
  const isPhone = call.kind === "phone" || chosen?.channel !== "web" || call.phoneNumber !== "";
  const inBody = errorIn(error, "body");
  const set = (change: Partial<typeof call>) => onChange({ ...draft, call: { ...call, ...change } });
  const parts = { draft: call, set, error: inBody, isPhone };
  const times = kind === "schedule" ? TIMES : [];
  const rest = Object.keys(draft.rest).filter((name) => !times.some((time) => time.name === name));
  return (
    <>
      <Fields>
        <PeopleFields {...parts} />
        {times.map(({ name, label, description }) => (
          <TextInput
            key={name}
            label={label}
            description={description}
            value={textOf(draft.rest[name], MOST_TEXT) ?? ""}
            error={errorWithin(inBody, name)}
            onChange={(event) => onChange(withText(draft, name, event.currentTarget.value))}
          />
        ))}
        {isPhone && (
          <TextInput
            label="Priority"
            description="0 is dialled first, 10 last"
            placeholder={call.kind === "phone" ? priority : "The workflow's"}
            value={call.priority}
            error={errorWithin(inBody, "priority")}
            onChange={(event) => set({ priority: event.currentTarget.value })}
          />
        )}
      </Fields>
      <DataFields {...parts} jsonErrors={jsonErrorsOf(call)} />
      {isPhone && <PolicyFields draft={call} onChange={set} error={inBody} without={WITHOUT} />}
      {rest.length > 0 && <p className={classes.note}>{`Also set, in the JSON: ${rest.join(", ")}.`}</p>}
      {error && fieldsWithin(error, ["body"]).length > 0 && fieldsWithin(inBody, SHOWN).length === 0 && (
        <p role="alert" className={classes.error}>
          {errorWithin(error, "body")}
        </p>
      )}
    </>
  );
}
