import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { PhoneOutgoing } from "lucide-react";
import { useRef, useState, type RefObject } from "react";
import { ApiError } from "~/api/errors";
import { useSession } from "~/api/use-session";
import { CodeSample } from "~/components/CodeSample";
import { FormError } from "~/components/FormError";
import { fieldsWithin } from "~/lib/form-errors";
import { DataFields } from "../call-form/DataFields";
import type { CallDraft } from "../call-form/draft";
import { useAgents, useWorkflows, type Agent } from "../call-form/options";
import { PeopleFields } from "../call-form/PeopleFields";
import { curlOf, jsonErrorsOf, requestOf } from "../call-form/request";
import { HowFields } from "./HowFields";
import classes from "./PlaceCallPage.module.css";
import { makePlacer } from "./place";
import { WhenFields } from "./WhenFields";

/** Fields whose texts stand beside them. */
const FIELDS = [
  ...[
    "agentId",
    "agent_name",
    "workflow_slug",
    "phoneNumber",
    "user_context",
    "user_id",
    "callerId",
    "caller_id",
  ],
  ...["metadata", "earliestAt", "latestAt", "expiresAt", "expires_at", "priority", "testSpeed", "test_speed"],
  ...["callingWindow", "calling_window", "redial"],
];

export function CallForm({ start }: { start: CallDraft }) {
  const { mode } = useSession();
  const [typed, setDraft] = useState(start);
  const { agents, isLoading } = useAgents();
  const draft = withOnlyAgent(typed, agents);
  const [place] = useState(makePlacer);
  const navigate = useNavigate();
  const { workflows } = useWorkflows();
  const isPhone =
    draft.kind === "phone" ||
    (draft.kind === "workflow" &&
      workflows.find(({ slug }) => slug === draft.workflowSlug)?.channel === "phone");
  const request = requestOf(draft, mode === "test", isPhone);
  const jsonErrors = jsonErrorsOf(draft);
  const [isJsonShown, showJson] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const send = useMutation({
    mutationFn: () => place(request),
    onSuccess: (callId) => void navigate({ to: "/calls/$id", params: { id: callId } }),
    onError: () => focusFirstError(form),
  });
  const parts = {
    draft,
    set: (change: Partial<CallDraft>) => setDraft({ ...draft, ...change }),
    error: send.error,
    isPhone,
  };
  return (
    <div className={classes.grid}>
      <form
        ref={form}
        className={classes.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          showJson(true);
          if (Object.keys(jsonErrors).length === 0) send.mutate();
          else focusFirstError(form);
        }}
      >
        <fieldset className={classes.section}>
          <legend>Who</legend>
          <PeopleFields {...parts} />
        </fieldset>
        <fieldset className={classes.section}>
          <legend>Data</legend>
          <DataFields {...parts} jsonErrors={isJsonShown ? jsonErrors : {}} />
        </fieldset>
        {isPhone && <WhenFields {...parts} />}
        <HowFields {...parts} />
        <div className={classes.submit}>
          <FormError error={send.error} fields={fieldsWithin(send.error, FIELDS)} />
          {send.error instanceof ApiError && isDoubtful(send.error) && (
            <p className={classes.note}>
              The call may have been placed. If you place it again unchanged, it is not placed twice.
            </p>
          )}
          <Button
            type="submit"
            loading={send.isPending}
            // Sooner, the only agent is not chosen yet.
            disabled={isLoading && draft.kind !== "workflow"}
            leftSection={<PhoneOutgoing size={15} />}
          >
            {draft.isLater && draft.kind === "phone" ? "Schedule the call" : "Place the call"}
          </Button>
        </div>
      </form>
      <aside className={classes.aside} aria-label="The same by API">
        <h2 className={classes.heading}>The same by API</h2>
        <CodeSample
          samples={[
            { label: "curl", code: curlOf(request, location.origin, mode === "test" ? "TEST_KEY" : "KEY") },
          ]}
        />
      </aside>
    </div>
  );
}

/** Takes a person to the field that the API refused, once it is marked. */
function focusFirstError(form: RefObject<HTMLFormElement | null>) {
  requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
}

/** Whoever has one agent need not choose it. */
function withOnlyAgent(draft: CallDraft, agents: Agent[]): CallDraft {
  const only = agents.length === 1 && agents[0]?.status === "active" ? agents[0] : undefined;
  if (!only || draft.agentId !== "" || draft.agentName !== "") return draft;
  return draft.kind === "web" ? { ...draft, agentName: only.name } : { ...draft, agentId: only.id };
}

function isDoubtful({ kind }: ApiError): boolean {
  return kind === "no-answer" || kind === "failed" || kind === "unknown-outcome";
}
