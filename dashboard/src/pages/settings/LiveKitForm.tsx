import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "~/api/client";
import { FormError } from "~/components/FormError";
import { fieldError } from "~/lib/form-errors";
import { liveKitQuery } from "./queries";
import classes from "./settings.module.css";

interface LiveKitFormProps {
  project: Schemas["LiveKitView"];
  /** Why it cannot be changed now. */
  blocked: string | undefined;
}

const FIELDS = ["url", "api_key", "api_secret"];

/** URL, key and secret of a LiveKit project. */
export function LiveKitForm({ project, blocked }: LiveKitFormProps) {
  const queryClient = useQueryClient();
  const [draft, setDraft] = useState({
    url: project.url ?? "",
    api_key: project.api_key ?? "",
    api_secret: "",
  });
  const put = useMutation({
    gcTime: 0,
    mutationFn: () => body(api.PUT("/api/v1/livekit", { body: draft })),
    onSuccess: (view) => queryClient.setQueryData(liveKitQuery.queryKey, view),
  });
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        put.mutate();
      }}
    >
      <TextInput
        label="URL"
        placeholder="wss://acme.livekit.cloud"
        value={draft.url}
        error={fieldError(put.error, "url")}
        onChange={(event) => setDraft({ ...draft, url: event.currentTarget.value })}
      />
      <TextInput
        label="API key"
        placeholder="APIxxxxxxxxxxxx"
        autoComplete="off"
        value={draft.api_key}
        error={fieldError(put.error, "api_key")}
        onChange={(event) => setDraft({ ...draft, api_key: event.currentTarget.value })}
      />
      <PasswordInput
        label="API secret"
        autoComplete="off"
        value={draft.api_secret}
        error={fieldError(put.error, "api_secret")}
        onChange={(event) => setDraft({ ...draft, api_secret: event.currentTarget.value })}
        visibilityToggleButtonProps={{ "aria-label": "Show the secret" }}
      />
      <FormError error={put.error} fields={FIELDS} />
      {blocked && <p className={classes.hint}>{blocked}</p>}
      <div className={classes.foot}>
        <Button type="submit" loading={put.isPending} disabled={blocked !== undefined}>
          {project.own ? "Change project" : "Use this project"}
        </Button>
      </div>
    </form>
  );
}
