import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { FormError } from "~/components/FormError";
import { serverNowMs } from "~/lib/clock";
import { fieldError } from "~/lib/form-errors";
import { fromLocalField, toLocalField } from "~/lib/local-time";
import { recoverAll, useReread } from "./actions";
import type { Webhook } from "./queries";
import classes from "./webhooks.module.css";

const DAY_MS = 86_400_000;

/** Sends again what has failed since a time. */
export default function RecoverDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [since, setSince] = useState(
    () =>
      toLocalField(webhook.health.failing_since) ||
      toLocalField(new Date(serverNowMs() - DAY_MS).toISOString()),
  );
  const [count, setCount] = useState(0);
  const reread = useReread(webhook.id);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const recover = useMutation({
    mutationFn: () => {
      const controller = new AbortController();
      stop.current = controller;
      // A text that is no time goes as it is: the API says so.
      return recoverAll(webhook.id, fromLocalField(since) ?? since, setCount, controller.signal);
    },
    onSettled: reread,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title="Recover failed deliveries"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <p className={classes.muted}>
        Every delivery that failed since this time, and was not sent again yet, is sent again with all its
        attempts. Those that still wait are attempted now. Events keep their ids, so your endpoint can tell
        repeats.
      </p>
      <TextInput
        label="Since"
        type="datetime-local"
        value={since}
        error={fieldError(recover.error, "since")}
        onChange={(event) => setSince(event.currentTarget.value)}
      />
      <div role="status">
        {recover.isPending && <p>{`Sent again so far: ${count}`}</p>}
        {recover.isSuccess && <p>{`Sent again: ${recover.data}. The list shows what comes of them.`}</p>}
      </div>
      <FormError error={recover.error} fields={["since"]} />
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={onClose}>
          {recover.isSuccess ? "Close" : "Cancel"}
        </Button>
        {!recover.isSuccess && (
          <Button loading={recover.isPending} onClick={() => recover.mutate()}>
            Send again
          </Button>
        )}
      </Group>
    </Modal>
  );
}
