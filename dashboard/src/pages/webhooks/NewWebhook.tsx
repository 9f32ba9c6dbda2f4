import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { useSession } from "~/api/use-session";
import SecretOnce from "~/components/SecretOnce";
import SidePanel from "~/components/SidePanel";
import { useDraft } from "~/components/use-draft";
import { draftOf, specOf, type Draft } from "./draft";
import { webhooksQuery, type WebhookWithSecret } from "./queries";
import { WebhookForm } from "./WebhookForm";

/** Creates a webhook, and shows its secret once. */
export default function NewWebhook({ onClose }: { onClose: () => void }) {
  const { mode } = useSession();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useDraft(draftOf());
  const [once] = useState(newIdempotencyKey);
  const [made, setMade] = useState<WebhookWithSecret | null>(null);
  const create = useMutation({
    gcTime: 0,
    mutationFn: (draft: Draft) =>
      body(api.POST("/api/v1/webhooks", { params: { header: once }, body: specOf(draft) })),
    onSuccess: async (webhook) => {
      setMade(webhook);
      await queryClient.invalidateQueries({ queryKey: webhooksQuery.queryKey });
    },
  });
  if (made) {
    return (
      <SecretOnce
        title="Save the signing secret"
        what="signing secret"
        secret={made.secret}
        onClose={() =>
          void navigate({
            to: "/webhooks/$webhookId",
            params: { webhookId: made.id },
            search: { tab: "verify" },
          })
        }
      >
        Your endpoint verifies each request with it. The next page has the code.
      </SecretOnce>
    );
  }
  return (
    <SidePanel title={`New ${mode} webhook`} onClose={onClose}>
      <WebhookForm
        form={form}
        submit="Create webhook"
        isBusy={create.isPending}
        error={create.error}
        onSubmit={(draft) => create.mutate(draft)}
        onCancel={onClose}
      />
    </SidePanel>
  );
}
