import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";
import { keepSaved } from "~/api/saved";
import { ChangedElsewhere } from "~/components/ChangedElsewhere";
import { FormError } from "~/components/FormError";
import { useDraft } from "~/components/use-draft";
import { fieldError } from "~/lib/form-errors";
import { liveKitQuery } from "./queries";
import classes from "./settings.module.css";

interface LiveKitFormProps {
  project: Schemas["LiveKitView"];
  /** Why it cannot be changed now. */
  blocked: string | undefined;
}

const FIELDS = ["url", "api_key", "api_secret"];

function draftOf({ url, api_key }: Schemas["LiveKitView"]) {
  return { url: url ?? "", api_key: api_key ?? "", api_secret: "" };
}

/** URL, key and secret of a LiveKit project. */
export function LiveKitForm({ project, blocked }: LiveKitFormProps) {
  const queryClient = useQueryClient();
  const form = useDraft(draftOf(project));
  const { draft, change: set } = form;
  const put = useMutation({
    gcTime: 0,
    mutationFn: (sent: ReturnType<typeof draftOf>) => body(api.PUT("/api/v1/livekit", { body: sent })),
    onSuccess: async (view, sent) => {
      await keepSaved(queryClient, liveKitQuery.queryKey, view);
      form.settle(sent, draftOf(view));
    },
  });
  const elsewhere = put.isPending ? null : form.elsewhere;
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        put.mutate(draft);
      }}
    >
      <TextInput
        label="URL"
        placeholder="wss://acme.livekit.cloud"
        value={draft.url}
        error={fieldError(put.error, "url")}
        onChange={(event) => set({ url: event.currentTarget.value })}
      />
      <TextInput
        label="API key"
        placeholder="APIxxxxxxxxxxxx"
        autoComplete="off"
        value={draft.api_key}
        error={fieldError(put.error, "api_key")}
        onChange={(event) => set({ api_key: event.currentTarget.value })}
      />
      <PasswordInput
        label="API secret"
        autoComplete="off"
        value={draft.api_secret}
        error={fieldError(put.error, "api_secret")}
        onChange={(event) => set({ api_secret: event.currentTarget.value })}
        visibilityToggleButtonProps={{ "aria-label": "Show the secret" }}
      />
      <ChangedElsewhere elsewhere={elsewhere} />
      <FormError error={put.error} fields={FIELDS} />
      {blocked && <p className={classes.hint}>{blocked}</p>}
      <div className={classes.foot}>
        <Button type="submit" loading={put.isPending} disabled={blocked !== undefined || elsewhere !== null}>
          {project.own ? "Change project" : "Use this project"}
        </Button>
      </div>
    </form>
  );
}
