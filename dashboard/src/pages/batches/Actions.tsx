import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { api, body } from "~/api/client";
import { ScopedButton } from "~/components/ScopedButton";
import { actOn, type Batch } from "./queries";
import { isOpen } from "./words";

const ConfirmDialog = lazy(async () => ({
  default: (await import("~/components/ConfirmDialog")).ConfirmDialog,
}));

type Verb = "start" | "pause" | "resume" | "cancel" | "delete";

interface Question {
  title: string;
  confirm: string;
  danger?: boolean;
  text: ReactNode;
}

/** What can be done with a batch now; each action says before what will happen. */
export function Actions({ batch }: { batch: Batch }) {
  const [verb, setVerb] = useState<Verb | null>(null);
  const client = useQueryClient();
  const navigate = useNavigate();
  const run = async (chosen: Verb) => {
    if (chosen === "delete") {
      await body(api.DELETE("/api/v1/batches/{batch_id}", { params: { path: { batch_id: batch.id } } }));
      await navigate({ to: "/batches" });
    } else await actOn(batch.id, chosen);
    await client.invalidateQueries({ queryKey: ["batches"] });
  };
  const question = verb && questionOf(verb, batch);
  return (
    <>
      {verbsOf(batch).map((each) => (
        <ScopedButton
          key={each}
          scope="batches:write"
          variant={each === "start" ? "filled" : "default"}
          onClick={() => setVerb(each)}
        >
          {questionOf(each, batch).confirm}
        </ScopedButton>
      ))}
      {verb && question && (
        <Suspense fallback={null}>
          <ConfirmDialog
            opened
            onClose={() => setVerb(null)}
            title={question.title}
            confirm={question.confirm}
            danger={question.danger ?? false}
            onConfirm={() => run(verb)}
          >
            {question.text}
          </ConfirmDialog>
        </Suspense>
      )}
    </>
  );
}

function verbsOf(batch: Batch): Verb[] {
  if (batch.status === "checked") return ["start", "cancel"];
  if (["importing", "running"].includes(batch.status)) return [batch.paused ? "resume" : "pause", "cancel"];
  if (isOpen(batch)) return batch.status === "cancelling" ? [] : ["cancel"];
  return ["delete"];
}

function questionOf(verb: Verb, batch: Batch): Question {
  const calls = (batch.forecast?.calls ?? batch.progress.accepted).toLocaleString("en");
  const questions: Record<Verb, Question> = {
    start: {
      title: `Start ${batch.name}?`,
      confirm: "Start",
      text: `${calls} calls are created. ${batch.livemode ? "Phones ring." : "It is test mode: no phone rings."}`,
    },
    pause: {
      title: `Pause ${batch.name}?`,
      confirm: "Pause",
      text: "Within seconds no further call of it is dialled. Ringing and active calls go on.",
    },
    resume: {
      title: `Resume ${batch.name}?`,
      confirm: "Resume",
      text: "Its waiting calls are dialled again.",
    },
    cancel: {
      title: `Cancel ${batch.name}?`,
      confirm: "Cancel batch",
      danger: true,
      text: "Every call that does not ring yet ends as cancelled. This cannot be undone. Ringing and active calls go on.",
    },
    delete: {
      title: `Delete ${batch.name}?`,
      confirm: "Delete",
      danger: true,
      text: "The batch and its files are deleted. Its calls stay.",
    },
  };
  return questions[verb];
}
