import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "~/api/errors";
import { newIdempotencyKey } from "~/api/idempotency";
import { keepSaved } from "~/api/saved";
import { useDraft, type Edited } from "~/components/use-draft";
import { changedFields } from "~/lib/draft";

interface ResourceFormProps<Stored, Draft, Spec> {
  /** The resource to change; without, one is created. */
  stored: Stored | undefined;
  draftOf: (stored: Stored | undefined) => Draft;
  specOf: (draft: Draft) => Spec;
  create: (spec: Spec, headers: { "Idempotency-Key": string }) => Promise<Stored>;
  /** Sends what was edited, and nothing else. */
  update: (change: Partial<Spec>) => Promise<Stored>;
  /** The key of the query of one resource; its first part is that of the list. */
  keyOf: (saved: Stored) => QueryKey;
  onSaved: (saved: Stored) => void;
}

export interface ResourceForm<Draft> extends Edited<Draft> {
  isNew: boolean;
  /** Whether a save would change anything. */
  hasChanges: boolean;
  error: Error | null;
  isSaving: boolean;
  /** Whether the last save is what the form shows. */
  isSaved: boolean;
  save: () => void;
}

/** The form of a resource: its draft, and what saves it. */
export function useResourceForm<Stored, Draft extends object, Spec extends object>(
  props: ResourceFormProps<Stored, Draft, Spec>,
): ResourceForm<Draft> {
  const { stored, draftOf, specOf, create, update, keyOf, onSaved } = props;
  const form = useDraft(draftOf(stored));
  const [once, setOnce] = useState(newIdempotencyKey);
  const client = useQueryClient();
  const changes = changedFields(specOf(form.base), specOf(form.draft));
  const saving = useMutation({
    mutationFn: (sent: Draft) => (stored ? update(changes) : create(specOf(sent), once)),
    onSuccess: async (saved, sent) => {
      form.settle(sent, draftOf(saved));
      await keepSaved(client, keyOf(saved), saved);
      onSaved(saved);
    },
    // What was refused is another request when it is corrected; what may have been done is the same one.
    onError: (error) => {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500)
        setOnce(newIdempotencyKey());
    },
  });
  const hasChanges = Object.keys(changes).length > 0;
  return {
    ...form,
    isNew: stored === undefined,
    hasChanges,
    error: saving.error,
    isSaving: saving.isPending,
    discard: () => {
      form.discard();
      saving.reset();
    },
    isSaved: saving.isSuccess && !hasChanges,
    save: () => saving.mutate(form.draft),
  };
}
