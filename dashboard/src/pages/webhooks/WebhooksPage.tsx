import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { lazy, Suspense } from "react";
import { useLive } from "~/api/live";
import { useSession } from "~/api/use-session";
import type { Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Page } from "~/components/Page";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { eventsText } from "./events";
import { healthOf } from "./health";
import { webhooksQuery, type Webhook } from "./queries";
import classes from "./webhooks.module.css";

const NewWebhook = lazy(() => import("./NewWebhook"));
const EVERY_MS = 5_000;

/** The endpoints that receive events, with their health. */
export function WebhooksPage() {
  const search = useSearch({ from: "/_app/webhooks" });
  const navigate = useNavigate({ from: "/webhooks" });
  const query = useLive({ ...webhooksQuery, everyMs: EVERY_MS });
  const openForm = (open: boolean) => void navigate({ search: open ? { new: true } : {} });
  const button = (
    <ScopedButton scope="webhooks:write" leftSection={<Plus size={15} />} onClick={() => openForm(true)}>
      New webhook
    </ScopedButton>
  );
  return (
    <Page title="Webhooks" text="Endpoints of your backend that receive events." actions={button}>
      <PageState query={query} empty={{ when: ({ data }) => data.length === 0, show: <NoWebhooks /> }}>
        {({ data }) => (
          <DataTable
            label="Webhooks"
            rows={data}
            columns={COLUMNS}
            rowId={(webhook) => webhook.id}
            onOpen={(webhook) =>
              void navigate({ to: "/webhooks/$webhookId", params: { webhookId: webhook.id } })
            }
          />
        )}
      </PageState>
      {search.new && (
        <Suspense>
          <NewWebhook onClose={() => openForm(false)} />
        </Suspense>
      )}
    </Page>
  );
}

function HealthCell({ webhook }: { webhook: Webhook }) {
  const { label, tone } = healthOf(webhook);
  return <Status value={label} tone={tone} />;
}

function Why({ webhook }: { webhook: Webhook }) {
  const { health } = webhook;
  if (!webhook.enabled)
    return <span className={classes.muted}>{webhook.disabled_reason ?? "by request"}</span>;
  if (health.next_try_at)
    return (
      <span className={classes.muted}>
        next try <Time at={health.next_try_at} />
      </span>
    );
  if (health.consecutive_failures === 0) return <span className={classes.muted}>–</span>;
  return (
    <span className={classes.muted}>
      {`${health.consecutive_failures} failed in a row, since `}
      <Time at={health.failing_since} />
    </span>
  );
}

const COLUMNS: Column<Webhook>[] = [
  {
    id: "health",
    header: "Health",
    width: "112px",
    cell: (webhook) => <HealthCell webhook={webhook} />,
    sortBy: (webhook) => healthOf(webhook).label,
  },
  {
    id: "url",
    header: "URL",
    width: "minmax(160px, 2fr)",
    cell: (webhook) => (
      <span className="mono" title={webhook.description || webhook.url}>
        {webhook.url}
      </span>
    ),
    sortBy: (webhook) => webhook.url,
  },
  {
    id: "why",
    header: "Why",
    width: "minmax(120px, 1fr)",
    hideBelow: 560,
    cell: (webhook) => <Why webhook={webhook} />,
  },
  {
    id: "events",
    header: "Events",
    width: "minmax(120px, 1fr)",
    hideBelow: 720,
    cell: (webhook) => <span>{eventsText(webhook.filter.events)}</span>,
  },
  {
    id: "id",
    header: "Webhook",
    width: "150px",
    hideBelow: 960,
    cell: (webhook) => <IdText id={webhook.id} what="webhook id" short />,
  },
  {
    id: "created",
    header: "Created",
    width: "112px",
    align: "end",
    hideBelow: 480,
    cell: (webhook) => <Time at={webhook.created_at} />,
    sortBy: (webhook) => webhook.created_at,
  },
];

function NoWebhooks() {
  const { mode } = useSession();
  const code = `curl -X POST ${location.origin}/api/v1/webhooks \\
  -H "x-api-key: $${mode === "live" ? "KEY" : "TEST_KEY"}" -H "Content-Type: application/json" \\
  -d '{"url": "https://your-backend.com/hooks", "filter": {"events": ["call.completed", "call.failed"]}}'`;
  return (
    <Empty
      title="No webhooks yet"
      text={`A webhook sends the ${mode} events of your calls to an endpoint of your backend: signed, tried again for days, and logged here.`}
      code={code}
    />
  );
}
