import { Button, Group, Modal, NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { FormError } from "~/components/FormError";
import SecretOnce from "~/components/SecretOnce";
import { useReread } from "./actions";
import type { Webhook } from "./queries";
import classes from "./webhooks.module.css";

const OVERLAPS = [
  { value: "86400", label: "One day" },
  { value: "3600", label: "One hour" },
  { value: "604800", label: "Seven days" },
  { value: "0", label: "None: the old secret ends at once" },
];

/** Makes a new secret, and shows it once. */
export default function RotateSecret({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [overlap, setOverlap] = useState("86400");
  const [once] = useState(newIdempotencyKey);
  const reread = useReread(webhook.id);
  const rotate = useMutation({
    gcTime: 0,
    mutationFn: () =>
      body(
        api.POST("/api/v1/webhooks/{webhook_id}/rotate-secret", {
          params: { path: { webhook_id: webhook.id }, header: once },
          body: { overlap_seconds: Number(overlap) },
        }),
      ),
  });
  if (rotate.data) {
    const close = () => {
      onClose();
      void reread();
    };
    return (
      <SecretOnce
        title="Save the new signing secret"
        what="signing secret"
        secret={rotate.data.secret}
        onClose={close}
      >
        {overlap === "0"
          ? "It signs from now on. Give it to your endpoint at once: it refuses what it receives until then."
          : "Give it to your endpoint before the overlap ends. Until then the old one signs, too."}
      </SecretOnce>
    );
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title="Rotate the signing secret?"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <p className={classes.muted}>
        A new secret is made. During the overlap the old one signs as well, so that no request is refused
        while you change your endpoint.
      </p>
      <NativeSelect
        label="Overlap"
        data={OVERLAPS}
        value={overlap}
        onChange={(event) => setOverlap(event.currentTarget.value)}
      />
      <FormError error={rotate.error} />
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
          Rotate secret
        </Button>
      </Group>
    </Modal>
  );
}
