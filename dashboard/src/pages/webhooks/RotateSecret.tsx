import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { RotateDialog } from "~/components/RotateDialog";
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
    <RotateDialog
      title="Rotate the signing secret?"
      label="Overlap"
      overlaps={OVERLAPS}
      overlap={overlap}
      onOverlap={setOverlap}
      action="Rotate secret"
      error={rotate.error}
      isBusy={rotate.isPending}
      onRotate={() => rotate.mutate()}
      onClose={onClose}
    >
      <p className={classes.muted}>
        A new secret is made. During the overlap the old one signs as well, so that no request is refused
        while you change your endpoint.
      </p>
    </RotateDialog>
  );
}
