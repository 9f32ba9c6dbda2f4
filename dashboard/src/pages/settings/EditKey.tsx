import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "~/api/client";
import { ChangedElsewhere } from "~/components/ChangedElsewhere";
import { FormError } from "~/components/FormError";
import { useDraft } from "~/components/use-draft";
import { changedFields } from "~/lib/draft";
import { fieldError } from "~/lib/form-errors";
import { keyBoundsOf, limitsDraftOf } from "./key-draft";
import { KEY_FIELDS } from "./KeyForm";
import { KeyLimitFields } from "./KeyLimitFields";
import { keyQuery, keysQuery, type ApiKey } from "./queries";
import classes from "./settings.module.css";

/** Changes a key's name and bounds; its scopes and environment are fixed. */
export default function EditKey({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const queryClient = useQueryClient();
  const { draft, base, change: set, elsewhere } = useDraft(limitsDraftOf(apiKey));
  const change = useMutation({
    mutationFn: () =>
      body(
        api.PATCH("/api/v1/api-keys/{key_id}", {
          params: { path: { key_id: apiKey.id } },
          body: changedFields(keyBoundsOf(base), keyBoundsOf(draft)),
        }),
      ),
    onSuccess: async (changed) => {
      queryClient.setQueryData(keyQuery(apiKey.id).queryKey, changed);
      onClose();
      await queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <TextInput
        label="Name"
        value={draft.name}
        error={fieldError(change.error, "name")}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <KeyLimitFields
        draft={draft}
        onChange={set}
        error={change.error}
        inherited="As the key you signed in with"
      />
      <p className={classes.hint}>
        Scopes and environment cannot be changed: create another key, and revoke this one.
      </p>
      <ChangedElsewhere elsewhere={change.isPending ? null : elsewhere} />
      <FormError error={change.error} fields={KEY_FIELDS} />
      <div className={classes.foot}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={change.isPending} disabled={elsewhere !== null && !change.isPending}>
          Save changes
        </Button>
      </div>
    </form>
  );
}
