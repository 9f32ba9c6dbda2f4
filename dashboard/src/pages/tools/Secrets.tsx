import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { useLive } from "~/api/live";
import { DeleteDialog } from "~/components/DeleteDialog";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Section } from "~/components/Section";
import { Time } from "~/components/Time";
import { curl } from "../build/curl";
import { secretsQuery, toolsQuery, type Secret } from "../build/queries";
import { usersOfSecret } from "../build/users";
import { SecretDialog } from "./SecretDialog";
import classes from "./secrets.module.css";
import rows from "./tools.module.css";

const EVERY_MS = 15_000;
type Asks = { does: "create" } | { does: "replace" | "delete"; secret: Secret };

/** The secrets of tools: their names and times. Nobody can read a value again. */
export function Secrets() {
  const query = useLive({ ...secretsQuery, everyMs: EVERY_MS });
  const [asks, setAsks] = useState<Asks | null>(null);
  return (
    <Section
      title="Secrets"
      text="Tools write {{secrets.NAME}}. The value goes into their requests only, and is never shown again."
      actions={
        <ScopedButton scope="secrets:write" size="xs" onClick={() => setAsks({ does: "create" })}>
          New secret
        </ScopedButton>
      }
    >
      <PageState query={query} empty={{ when: (found) => found.length === 0, show: <NoSecrets /> }}>
        {(secrets) => (
          <ul className={classes.list}>
            {secrets.map((secret) => (
              <SecretRow key={secret.name} secret={secret} onAsk={setAsks} />
            ))}
          </ul>
        )}
      </PageState>
      {asks && asks.does !== "delete" && (
        <SecretDialog secret={asks.does === "replace" ? asks.secret : null} onClose={() => setAsks(null)} />
      )}
      {asks?.does === "delete" && <DeleteSecret secret={asks.secret} onClose={() => setAsks(null)} />}
    </Section>
  );
}

function SecretRow({ secret, onAsk }: { secret: Secret; onAsk: (asks: Asks) => void }) {
  return (
    <li className={classes.row}>
      <code className={classes.name}>{secret.name}</code>
      <span className={classes.time}>
        Changed <Time at={secret.updated_at} />
      </span>
      <span className={rows.rowActions}>
        <ScopedButton
          scope="secrets:write"
          variant="default"
          size="compact-sm"
          aria-label={`Replace the value of ${secret.name}`}
          onClick={() => onAsk({ does: "replace", secret })}
        >
          Replace
        </ScopedButton>
        <ScopedButton
          scope="secrets:write"
          variant="default"
          size="compact-sm"
          aria-label={`Delete ${secret.name}`}
          onClick={() => onAsk({ does: "delete", secret })}
        >
          Delete
        </ScopedButton>
      </span>
    </li>
  );
}

function DeleteSecret({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const tools = useQuery(toolsQuery).data ?? [];
  const client = useQueryClient();
  const remove = async () => {
    const params = { path: { secret: secret.name } };
    await body(api.DELETE("/api/v1/secrets/{secret}", { params }));
    await client.invalidateQueries({ queryKey: ["secrets"] });
  };
  return (
    <DeleteDialog
      opened
      onClose={onClose}
      what={`secret ${secret.name}`}
      users={usersOfSecret(secret.name, tools)}
      onDelete={remove}
    >
      Tool versions that still name it fail, also in calls that are active.
    </DeleteDialog>
  );
}

function NoSecrets() {
  return (
    <Empty
      title="No secrets yet"
      text="A secret is a token or password that a tool's requests need."
      code={curl("POST", "/api/v1/secrets", { name: "crm_token", value: "…" })}
    />
  );
}
