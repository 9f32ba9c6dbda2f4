import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { newIdempotencyKey } from "~/api/idempotency";
import { NeedsRight } from "~/components/NeedsRight";
import { Page } from "~/components/Page";
import { createTrigger, type TriggerWithSecret } from "./queries";
import { TriggerForm } from "./TriggerForm";
import { NEW_TRIGGER } from "./trigger-form";

const SecretDialog = lazy(() => import("./SecretDialog"));

/** Creates a trigger, shows its secret once, then goes to its page. */
export function NewTriggerPage() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [created, setCreated] = useState<TriggerWithSecret | null>(null);
  const [headers, setHeaders] = useState(newIdempotencyKey);
  const create = useMutation({
    mutationFn: (spec: Parameters<typeof createTrigger>[0]) => createTrigger(spec, headers),
    onSuccess: (trigger) => {
      setCreated(trigger);
      void queryClient.invalidateQueries({ queryKey: ["triggers"] });
    },
    // A request that was refused is another one when it is corrected.
    onError: () => setHeaders(newIdempotencyKey()),
  });
  return (
    <Page
      title="New trigger"
      text="Events that are sent to its URL start calls."
      actions={
        <Button variant="default" renderRoot={(props) => <Link to="/triggers" {...props} />}>
          All triggers
        </Button>
      }
    >
      <NeedsRight scope="triggers:write">
        <TriggerForm
          initial={NEW_TRIGGER}
          submit="Create trigger"
          error={create.error}
          isBusy={create.isPending}
          onSubmit={(spec) => create.mutate({ ...spec, enabled: true })}
        />
      </NeedsRight>
      {created && (
        <Suspense>
          <SecretDialog
            trigger={created}
            onClose={() => void navigate({ to: "/triggers/$triggerId", params: { triggerId: created.id } })}
          />
        </Suspense>
      )}
    </Page>
  );
}
