import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { api, body } from "~/api/client";
import { referenceQuery } from "~/api/reference";
import { ConfirmDialog } from "~/components/ConfirmDialog";
import { Facts } from "~/components/Facts";
import { IdText } from "~/components/IdText";
import { PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import SidePanel from "~/components/SidePanel";
import { Time } from "~/components/Time";
import { KeyStatus } from "./KeyStatus";
import { keyQuery, keysQuery, type ApiKey } from "./queries";
import classes from "./settings.module.css";

const EditKey = lazy(() => import("./EditKey"));
const RotateKey = lazy(() => import("./RotateKey"));

/** One key: what it may do, who used it last, and its end. */
export default function KeyPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(keyQuery(id));
  return (
    <SidePanel title={query.data?.name ?? "API key"} onClose={onClose}>
      <PageState query={query} skeletonRows={6}>
        {(key) => <Content apiKey={key} onClose={onClose} />}
      </PageState>
    </SidePanel>
  );
}

type Asked = "edit" | "rotate" | "revoke";

function Content({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const done = () => setAsked(null);
  const revoke = async () => {
    await body(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id: apiKey.id } } }));
    onClose();
    await queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
  };
  if (asked === "edit") {
    return (
      <Suspense>
        <EditKey apiKey={apiKey} onClose={done} />
      </Suspense>
    );
  }
  return (
    <>
      <Facts facts={factsOf(apiKey)} />
      <section className={classes.section}>
        <h2>Scopes</h2>
        <Scopes scopes={apiKey.scopes} />
      </section>
      <section className={classes.section}>
        <div className={classes.row}>
          <ScopedButton scope="api-keys:write" variant="default" onClick={() => setAsked("edit")}>
            Edit
          </ScopedButton>
          <ScopedButton scope="api-keys:write" variant="default" onClick={() => setAsked("rotate")}>
            Rotate
          </ScopedButton>
          <ScopedButton scope="api-keys:write" danger onClick={() => setAsked("revoke")}>
            Revoke
          </ScopedButton>
        </div>
      </section>
      <Suspense>{asked === "rotate" && <RotateKey apiKey={apiKey} onClose={done} />}</Suspense>
      <ConfirmDialog
        opened={asked === "revoke"}
        onClose={done}
        title={`Revoke “${apiKey.name}”?`}
        confirm="Revoke key"
        danger
        onConfirm={revoke}
      >
        The next request with this key, or with a session of it, is refused with 401. Calls that it placed go
        on. This cannot be undone.
      </ConfirmDialog>
    </>
  );
}

function factsOf(key: ApiKey): [string, ReactNode][] {
  return [
    ["Status", <KeyStatus key="s" status={key.status} />],
    ["Environment", key.livemode ? "Live (production)" : "Test (staging)"],
    ["Key", <code key="h">{key.hint}</code>],
    ["Id", <IdText key="i" id={key.id} what="key id" />],
    ["Last used", key.last_used_at ? <Time key="u" at={key.last_used_at} absolute /> : "Never"],
    ["Created", <Time key="c" at={key.created_at} absolute />],
    ["Expires", key.expires_at ? <Time key="e" at={key.expires_at} absolute /> : "Never"],
    ["Allowed addresses", key.allowed_addresses.join(", ") || "Any"],
    ["Requests per minute", key.requests_per_minute.toLocaleString("en")],
  ];
}

function Scopes({ scopes }: { scopes: string[] }) {
  const reference = useQuery(referenceQuery);
  return (
    <ul className={classes.list}>
      {scopes.map((scope) => (
        <li key={scope}>
          <code>{scope}</code> <span className={classes.muted}>{reference.data?.scopes[scope]}</span>
        </li>
      ))}
    </ul>
  );
}
