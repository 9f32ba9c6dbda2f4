import { Link, useParams, useSearch } from "@tanstack/react-router";
import { Send } from "lucide-react";
import { lazy, Suspense } from "react";
import { useLive } from "~/api/live";
import { ButtonLink } from "~/components/ButtonLink";
import { FormError } from "~/components/FormError";
import { IdText } from "~/components/IdText";
import { Page } from "~/components/Page";
import { PageState, Skeleton } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import tabs from "~/components/TabLinks.module.css";
import { Time } from "~/components/Time";
import { useChange, usePing } from "./actions";
import { DeliveriesTab } from "./DeliveriesTab";
import type { Tab } from "./filters";
import { healthOf } from "./health";
import { webhookQuery, type Webhook } from "./queries";
import classes from "./webhooks.module.css";

const SettingsTab = lazy(() => import("./SettingsTab"));
const VerifyTab = lazy(() => import("./VerifyTab"));
const EVERY_MS = 3_000;

/** One webhook: its health, its deliveries, its settings, and how to verify what it sends. */
export function WebhookPage() {
  const { webhookId } = useParams({ from: "/_app/webhooks_/$webhookId" });
  const query = useLive({ ...webhookQuery(webhookId), everyMs: EVERY_MS });
  const ping = usePing(webhookId);
  return (
    <Page
      title={query.data ? hostOf(query.data.url) : "Webhook"}
      text={query.data?.description}
      actions={
        <>
          <ButtonLink to="/webhooks" variant="default">
            All webhooks
          </ButtonLink>
          {query.data && (
            <ScopedButton
              scope="webhooks:write"
              leftSection={<Send size={14} />}
              loading={ping.isPending}
              onClick={() => ping.mutate()}
            >
              Send a ping
            </ScopedButton>
          )}
        </>
      }
    >
      <FormError error={ping.error} />
      <PageState query={query}>{(webhook) => <Webhook webhook={webhook} />}</PageState>
    </Page>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function Webhook({ webhook }: { webhook: Webhook }) {
  const { tab = "deliveries" } = useSearch({ from: "/_app/webhooks_/$webhookId" });
  return (
    <>
      <div className={classes.target}>
        <IdText id={webhook.url} what="URL" />
        <IdText id={webhook.id} what="webhook id" />
      </div>
      <HealthNote webhook={webhook} />
      <nav className={tabs.tabs} aria-label="Parts of the webhook">
        <TabLink id={webhook.id} tab={undefined} label="Deliveries" />
        <TabLink id={webhook.id} tab="settings" label="Settings" />
        <TabLink id={webhook.id} tab="verify" label="Verify signatures" />
      </nav>
      {tab === "deliveries" && <DeliveriesTab webhook={webhook} />}
      <Suspense fallback={<Skeleton />}>
        {tab === "settings" && <SettingsTab webhook={webhook} />}
        {tab === "verify" && <VerifyTab />}
      </Suspense>
    </>
  );
}

interface TabLinkProps {
  id: string;
  tab: Tab | undefined;
  label: string;
}

function TabLink({ id, tab, label }: TabLinkProps) {
  return (
    <Link
      to="/webhooks/$webhookId"
      params={{ webhookId: id }}
      search={{ tab }}
      className={tabs.tab}
      activeOptions={{ explicitUndefined: true }}
    >
      {label}
    </Link>
  );
}

/** How the endpoint does, why, what ends it, and what a person can do. */
function HealthNote({ webhook }: { webhook: Webhook }) {
  const change = useChange(webhook.id);
  const { label, tone, text } = healthOf(webhook);
  const { health } = webhook;
  return (
    <section className={classes.note} aria-label="Health">
      <Status value={label} tone={tone} />
      <p className={classes.noteText}>
        {text}
        {health.failing_since && (
          <>
            {" Failing since "}
            <Time at={health.failing_since} absolute />.
          </>
        )}
        {webhook.enabled && health.next_try_at && (
          <>
            {" Next try "}
            <Time at={health.next_try_at} />.
          </>
        )}
      </p>
      {!webhook.enabled && (
        <ScopedButton
          scope="webhooks:write"
          size="compact-sm"
          loading={change.isPending}
          onClick={() => change.mutate({ enabled: true })}
        >
          Enable
        </ScopedButton>
      )}
      <FormError error={change.error} />
    </section>
  );
}
