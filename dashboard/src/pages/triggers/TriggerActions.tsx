import { Group } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { ConfirmDialog } from "~/components/ConfirmDialog";
import { ScopedButton } from "~/components/ScopedButton";
import { changeTrigger, deleteTrigger, rotateSecret, type Trigger, type TriggerWithSecret } from "./queries";

const SecretDialog = lazy(() => import("./SecretDialog"));

type Action = "switch" | "rotate" | "delete";

/** Enables or disables, rotates the secret, deletes: each after a question. */
export function TriggerActions({ trigger }: { trigger: Trigger }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Action | null>(null);
  const [rotated, setRotated] = useState<TriggerWithSecret | null>(null);
  const close = () => setAsked(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: ["triggers"] });
  const remove = async () => {
    await deleteTrigger(trigger.id);
    await navigate({ to: "/triggers" });
    queryClient.removeQueries({ queryKey: ["triggers", trigger.id] });
    await refresh();
  };
  return (
    <Group gap={6}>
      <Ask label={trigger.enabled ? "Disable" : "Enable"} onClick={() => setAsked("switch")} />
      <Ask label="Rotate secret" onClick={() => setAsked("rotate")} />
      <Ask label="Delete" onClick={() => setAsked("delete")} />
      <ConfirmDialog
        opened={asked === "switch"}
        onClose={close}
        title={`${trigger.enabled ? "Disable" : "Enable"} ${trigger.name}?`}
        confirm={trigger.enabled ? "Disable" : "Enable"}
        onConfirm={async () => {
          await changeTrigger(trigger.id, { enabled: !trigger.enabled });
          await refresh();
        }}
      >
        {trigger.enabled
          ? "Events are rejected with 401, and start no calls. Calls that it started go on."
          : "Events start calls again. Those that were rejected meanwhile do not come back by themselves."}
      </ConfirmDialog>
      <ConfirmDialog
        opened={asked === "rotate"}
        onClose={close}
        title={`Rotate the secret of ${trigger.name}?`}
        confirm="Rotate"
        danger
        onConfirm={async () => setRotated(await rotateSecret(trigger.id))}
      >
        The old secret stops working at once: events that are sent with it are rejected until the other system
        has the new one.
      </ConfirmDialog>
      <ConfirmDialog
        opened={asked === "delete"}
        onClose={close}
        title={`Delete ${trigger.name}?`}
        confirm="Delete"
        danger
        typed={trigger.name}
        onConfirm={remove}
      >
        Its URL and its history are gone, and events are rejected with 401. Calls that it started stay. This
        cannot be undone.
      </ConfirmDialog>
      {rotated && (
        <Suspense>
          <SecretDialog trigger={rotated} onClose={() => setRotated(null)} />
        </Suspense>
      )}
    </Group>
  );
}

function Ask({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ScopedButton scope="triggers:write" variant="default" size="compact-sm" onClick={onClick}>
      {label}
    </ScopedButton>
  );
}
