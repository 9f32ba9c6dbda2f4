import { Textarea } from "@mantine/core";
import type { CallFieldsProps } from "./draft";
import { errorOf } from "~/lib/form-errors";
import type { JsonErrors } from "./request";

/** What agent and tools know, and what comes back. */
export function DataFields({
  draft,
  set,
  error,
  isPhone,
  jsonErrors,
}: CallFieldsProps & { jsonErrors: JsonErrors }) {
  return (
    <>
      {draft.kind !== "phone" && (
        <Textarea
          label="User context"
          description="JSON. What agent and tools may know of the person: encrypted, and never shown again"
          placeholder={'{"name": "Ada"}'}
          minRows={2}
          maxRows={10}
          autosize
          classNames={{ input: "mono" }}
          value={draft.userContext}
          error={jsonErrors.userContext ?? (isPhone ? undefined : errorOf(error, "user_context"))}
          onChange={(event) => set({ userContext: event.currentTarget.value })}
        />
      )}
      <Textarea
        label="Metadata"
        description="JSON. Yours: it comes back with the call and its webhooks, and the list can be searched by it"
        placeholder={'{"order": "4711"}'}
        minRows={2}
        maxRows={10}
        autosize
        classNames={{ input: "mono" }}
        value={draft.metadata}
        error={jsonErrors.metadata ?? errorOf(error, "metadata")}
        onChange={(event) => set({ metadata: event.currentTarget.value })}
      />
    </>
  );
}
