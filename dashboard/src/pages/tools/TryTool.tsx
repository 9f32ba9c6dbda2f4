import { Group } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { ConfirmDialog } from "~/components/ConfirmDialog";
import { FormError } from "~/components/FormError";
import { JsonField } from "~/components/JsonField";
import { ScopedButton } from "~/components/ScopedButton";
import { Fields, Section } from "~/components/Section";
import { errorWithin, fieldsWithin } from "~/lib/form-errors";
import { parseObject, prettyJson } from "~/lib/json-text";
import classes from "../build/build.module.css";
import type { Tool } from "../build/queries";
import { sampleParams } from "./sample-params";
import { TrialResult } from "./TrialResult";

const PARTS = ["params", "user", "workflow", "call"] as const;
type Part = (typeof PARTS)[number];

const TEXTS: Record<Part, string> = {
  params: "What the agent gives.",
  user: "In place of a call's user context.",
  workflow: "In place of the workflow's state.",
  call: "In place of the call.",
};

/** Runs a tool with made-up values: shows the requests that it would send, or sends them. */
export function TryTool({ tool }: { tool: Tool }) {
  const [typed, setTyped] = useState<Partial<Record<Part, string>>>({});
  const texts: Record<Part, string> = {
    params: prettyJson(sampleParams(tool.config)),
    user: '{\n  "id": "u-7"\n}',
    workflow: "{}",
    call: "{}",
    ...typed,
  };
  const [asks, setAsks] = useState(false);
  const trial = useMutation({ mutationFn: (send: boolean) => tryTool(tool.name, texts, send) });
  const errors = PARTS.map((part) => parseObject(texts[part], part).error);
  const run = (send: boolean) => {
    if (errors.every((error) => error === undefined)) trial.mutate(send);
  };
  return (
    <Section
      title="Try it"
      text="Shows the requests with every template filled in, and secrets hidden. Nothing is sent until you send it."
    >
      <Fields>
        {PARTS.map((part, index) => (
          <JsonField
            key={part}
            label={part}
            description={TEXTS[part]}
            value={texts[part]}
            onChange={(text) => setTyped((before) => ({ ...before, [part]: text }))}
            error={errors[index] ?? errorWithin(trial.error, part)}
          />
        ))}
      </Fields>
      <Group gap="xs" mt="md">
        <ScopedButton scope="tools:write" loading={trial.isPending} onClick={() => run(false)}>
          Show the requests
        </ScopedButton>
        <ScopedButton scope="tools:write" variant="default" onClick={() => setAsks(true)}>
          Send them
        </ScopedButton>
      </Group>
      <div className={classes.stack}>
        <FormError error={trial.error} fields={fieldsWithin(trial.error, [...PARTS])} />
        {trial.data && <TrialResult trial={trial.data} />}
      </div>
      <ConfirmDialog
        opened={asks}
        onClose={() => setAsks(false)}
        title="Send the requests?"
        confirm="Send"
        onConfirm={() => {
          run(true);
          return Promise.resolve();
        }}
      >
        They go to the addresses of the tool, with its secrets, as in a call.
      </ConfirmDialog>
    </Section>
  );
}

function tryTool(tool: string, texts: Record<Part, string>, send: boolean): Promise<Schemas["TrialView"]> {
  const value = (part: Part) => parseObject(texts[part], part).value ?? {};
  const trial: Schemas["Trial"] = {
    params: value("params"),
    user: value("user"),
    workflow: value("workflow"),
    call: value("call"),
    secret_keys: [],
    send,
  };
  const params = { path: { tool } };
  return body(api.POST("/api/v1/tools/{tool}/try", { params, body: trial, headers: newIdempotencyKey() }));
}
