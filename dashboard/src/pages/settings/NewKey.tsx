import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { CodeSample } from "~/components/CodeSample";
import SecretOnce from "~/components/SecretOnce";
import SidePanel from "~/components/SidePanel";
import { keySpecOf, type KeyDraft } from "./key-draft";
import { KeyForm } from "./KeyForm";
import { keysQuery, type ApiKeyWithSecret } from "./queries";
import classes from "./settings.module.css";

/** Creates a key, and shows it once. */
export default function NewKey({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const [once] = useState(newIdempotencyKey);
  const [made, setMade] = useState<ApiKeyWithSecret | null>(null);
  const create = useMutation({
    gcTime: 0,
    mutationFn: (draft: KeyDraft) =>
      body(api.POST("/api/v1/api-keys", { params: { header: once }, body: keySpecOf(draft) })),
    onSuccess: async (key) => {
      setMade(key);
      await queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  if (made) return <ShownKey apiKey={made} onClose={onClose} />;
  return (
    <SidePanel title="Create API key" onClose={onClose}>
      <KeyForm
        isBusy={create.isPending}
        error={create.error}
        onSubmit={(draft) => create.mutate(draft)}
        onCancel={onClose}
      />
    </SidePanel>
  );
}

/** A key that was just made or rotated, with a request that tries it. */
export function ShownKey({ apiKey, onClose }: { apiKey: ApiKeyWithSecret; onClose: () => void }) {
  const code = `curl ${location.origin}/api/v1/session -H "Authorization: Bearer ${apiKey.key}"`;
  return (
    <SecretOnce title="Save your API key" what="API key" secret={apiKey.key} onClose={onClose}>
      <div className={classes.code}>
        <CodeSample samples={[{ label: "Try it with curl", code }]} />
      </div>
    </SecretOnce>
  );
}
