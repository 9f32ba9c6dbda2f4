import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { RotateDialog } from "~/components/RotateDialog";
import { ShownKey } from "./NewKey";
import { keyQuery, keysQuery, type ApiKey } from "./queries";
import classes from "./settings.module.css";

const OVERLAPS = [
  { value: "3600", label: "One hour" },
  { value: "86400", label: "One day" },
  { value: "604800", label: "Seven days" },
  { value: "0", label: "None: the old key ends at once" },
];

/** Replaces a key, and shows the new one once. */
export default function RotateKey({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [overlap, setOverlap] = useState("3600");
  const [once] = useState(newIdempotencyKey);
  const rotate = useMutation({
    gcTime: 0,
    mutationFn: () =>
      body(
        api.POST("/api/v1/api-keys/{key_id}/rotate", {
          params: { path: { key_id: apiKey.id }, header: once },
          body: { overlap_seconds: Number(overlap) },
        }),
      ),
  });
  if (rotate.data) {
    const close = () => {
      onClose();
      void queryClient.invalidateQueries({ queryKey: keyQuery(apiKey.id).queryKey });
      void queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
    };
    return <ShownKey apiKey={rotate.data} onClose={close} />;
  }
  return (
    <RotateDialog
      title={`Rotate “${apiKey.name}”?`}
      label="The old key is accepted for"
      overlaps={OVERLAPS}
      overlap={overlap}
      onOverlap={setOverlap}
      action="Rotate key"
      error={rotate.error}
      isBusy={rotate.isPending}
      onRotate={() => rotate.mutate()}
      onClose={onClose}
    >
      <p className={classes.muted}>
        A new key takes its place, with the same id, scopes and limits. The old one is accepted until the
        overlap ends, and its sessions end with it: if you signed in with this key, you sign in again.
      </p>
    </RotateDialog>
  );
}
