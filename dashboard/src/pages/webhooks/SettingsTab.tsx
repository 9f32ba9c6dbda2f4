import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { api, body } from "~/api/client";
import { useSession } from "~/api/use-session";
import { ScopedButton } from "~/components/ScopedButton";
import { Time } from "~/components/Time";
import { useDraft } from "~/components/use-draft";
import { changedFields } from "~/lib/draft";
import { useChange, useReread } from "./actions";
import { draftOf, specOf } from "./draft";
import type { Webhook } from "./queries";
import { WebhookForm } from "./WebhookForm";
import classes from "./webhooks.module.css";

const ConfirmDialog = lazy(() =>
  import("~/components/ConfirmDialog").then((module) => ({ default: module.ConfirmDialog })),
);
const RotateSecret = lazy(() => import("./RotateSecret"));

type Asked = "rotate" | "end-overlap" | "disable" | "delete";

/** The fields of a webhook, its secret, and its end. */
export default function SettingsTab({ webhook }: { webhook: Webhook }) {
  const { allows } = useSession();
  const change = useChange(webhook.id);
  const form = useDraft(draftOf(webhook));
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <>
      <WebhookForm
        form={form}
        submit="Save changes"
        isBusy={change.isPending}
        error={change.error}
        blocked={allows("webhooks:write") ? undefined : "Your session lacks the scope webhooks:write."}
        onSubmit={(draft) =>
          change.mutate(changedFields(specOf(form.base), specOf(draft)), {
            onSuccess: (saved) => form.settle(draft, draftOf(saved)),
          })
        }
      />
      <div role="status" className={classes.muted}>
        {change.isSuccess && !form.isChanged && "Saved."}
      </div>
      <Secret webhook={webhook} ask={setAsked} />
      <Ends webhook={webhook} ask={setAsked} />
      <Suspense>
        {asked === "rotate" && <RotateSecret webhook={webhook} onClose={() => setAsked(null)} />}
        {asked !== null && asked !== "rotate" && (
          <Confirm webhook={webhook} asked={asked} onClose={() => setAsked(null)} />
        )}
      </Suspense>
    </>
  );
}

interface PartProps {
  webhook: Webhook;
  ask: (asked: Asked) => void;
}

function Secret({ webhook, ask }: PartProps) {
  return (
    <section className={classes.section}>
      <h2>Signing secret</h2>
      <p>
        {webhook.previous_secret_until ? (
          <>
            Two secrets sign until <Time at={webhook.previous_secret_until} absolute />:{" "}
            <code>X-Webhook-Signature</code> is by the old one, <code>webhook-signature</code> has one of
            each.
          </>
        ) : (
          "It was shown once. If you lost it, or somebody else knows it, rotate it."
        )}
      </p>
      <div className={classes.row}>
        <ScopedButton scope="webhooks:write" variant="default" onClick={() => ask("rotate")}>
          Rotate secret
        </ScopedButton>
        {webhook.previous_secret_until && (
          <ScopedButton scope="webhooks:write" variant="default" onClick={() => ask("end-overlap")}>
            End the overlap now
          </ScopedButton>
        )}
      </div>
    </section>
  );
}

function Ends({ webhook, ask }: PartProps) {
  return (
    <section className={classes.section}>
      <h2>Stop</h2>
      <p>
        A disabled webhook receives nothing, and its pending deliveries are given up. You can enable it again.
      </p>
      <div className={classes.row}>
        {webhook.enabled && (
          <ScopedButton scope="webhooks:write" variant="default" onClick={() => ask("disable")}>
            Disable
          </ScopedButton>
        )}
        <ScopedButton scope="webhooks:write" danger onClick={() => ask("delete")}>
          Delete webhook
        </ScopedButton>
      </div>
    </section>
  );
}

const QUESTIONS = {
  "end-overlap": {
    title: "End the overlap now?",
    confirm: "End overlap",
    text: "From the next request on, only the new secret signs. An endpoint that still has the old one refuses what it receives.",
  },
  disable: {
    title: "Disable this webhook?",
    confirm: "Disable",
    text: "Nothing more is sent to it, and its pending deliveries are given up. After you enable it, Recover sends them again.",
  },
  delete: {
    title: "Delete this webhook?",
    confirm: "Delete webhook",
    text: "Its pending deliveries are given up, and its log is gone. This cannot be undone.",
  },
} as const;

interface ConfirmProps {
  webhook: Webhook;
  asked: keyof typeof QUESTIONS;
  onClose: () => void;
}

function Confirm({ webhook, asked, onClose }: ConfirmProps) {
  const navigate = useNavigate();
  const reread = useReread(webhook.id);
  const params = { path: { webhook_id: webhook.id } };
  const question = QUESTIONS[asked];
  const run = async () => {
    if (asked === "delete") {
      await body(api.DELETE("/api/v1/webhooks/{webhook_id}", { params }));
      await navigate({ to: "/webhooks", search: {} });
    } else if (asked === "disable") {
      await body(api.PATCH("/api/v1/webhooks/{webhook_id}", { params, body: { enabled: false } }));
    } else {
      await body(api.DELETE("/api/v1/webhooks/{webhook_id}/previous-secret", { params }));
    }
    await reread();
  };
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={question.title}
      confirm={question.confirm}
      danger={asked !== "end-overlap"}
      onConfirm={run}
    >
      {question.text}
    </ConfirmDialog>
  );
}
