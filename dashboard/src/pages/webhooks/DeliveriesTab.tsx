import { NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { pollIntervalMs } from "~/api/polling";
import { CommittedText } from "~/components/CommittedText";
import { moreOf, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { fromLocalField, toLocalField } from "~/lib/local-time";
import { hasFilters, oneOf } from "~/lib/search";
import { EVENT_TYPES } from "./events";
import { deliveryFilters, STATES, type DeliveryFilters, type WebhookSearch } from "./filters";
import { attemptText } from "./health";
import { deliveriesQuery, type Delivery, type Webhook } from "./queries";
import { stateTone } from "./tones";
import classes from "./webhooks.module.css";

const DeliveryPanel = lazy(() => import("./DeliveryPanel"));
const RecoverDialog = lazy(() => import("./RecoverDialog"));
const EVERY_MS = 3_000;

/** The deliveries of the last 30 days, with filters and the opened one in the URL. */
export function DeliveriesTab({ webhook }: { webhook: Webhook }) {
  const search = useSearch({ from: "/_app/webhooks_/$webhookId" });
  const navigate = useNavigate({ from: "/webhooks/$webhookId" });
  const [recovers, setRecovers] = useState(false);
  const filters = deliveryFilters(search);
  const query = useInfiniteQuery({
    ...deliveriesQuery(webhook.id, filters),
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : pollIntervalMs(EVERY_MS)),
  });
  const deliveries = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const set = (change: WebhookSearch) => void navigate({ search: (before) => ({ ...before, ...change }) });
  return (
    <>
      <Filters filters={filters} onChange={set} webhook={webhook} onRecover={() => setRecovers(true)} />
      <PageState
        query={query}
        empty={{
          when: ({ pages }) => !query.hasNextPage && pages.every((page) => page.data.length === 0),
          show: <NoDeliveries isFiltered={hasFilters(filters)} />,
        }}
      >
        {() => (
          <DataTable
            label="Deliveries"
            rows={deliveries}
            columns={COLUMNS}
            rowId={(delivery) => delivery.id}
            onOpen={(delivery) => set({ delivery: delivery.id })}
            more={moreOf(query)}
          />
        )}
      </PageState>
      <Suspense>
        {search.delivery && (
          <DeliveryPanel id={search.delivery} onClose={() => set({ delivery: undefined })} />
        )}
        {recovers && <RecoverDialog webhook={webhook} onClose={() => setRecovers(false)} />}
      </Suspense>
    </>
  );
}

const COLUMNS: Column<Delivery>[] = [
  {
    id: "state",
    header: "State",
    width: "120px",
    cell: ({ state }) => <Status value={state} tone={stateTone(state)} />,
    sortBy: ({ state }) => state,
  },
  {
    id: "event",
    header: "Event",
    width: "minmax(130px, 1fr)",
    cell: ({ event }) => <span className="mono">{event.type}</span>,
    sortBy: ({ event }) => event.type,
  },
  {
    id: "result",
    header: "Latest response",
    width: "minmax(120px, 1fr)",
    hideBelow: 560,
    cell: ({ attempts }) => {
      const latest = attempts.at(-1);
      return <span className={classes.muted}>{latest ? attemptText(latest) : "none yet"}</span>;
    },
  },
  {
    id: "attempts",
    header: "Attempts",
    width: "92px",
    align: "end",
    hideBelow: 640,
    cell: ({ attempts, max_attempts }) => `${attempts.length} of ${max_attempts}`,
    sortBy: ({ attempts }) => attempts.length,
  },
  {
    id: "next",
    header: "Next attempt",
    width: "116px",
    align: "end",
    hideBelow: 760,
    cell: ({ next_attempt_at }) => <Time at={next_attempt_at} />,
    sortBy: ({ next_attempt_at }) => next_attempt_at,
  },
  {
    id: "call",
    header: "Call",
    width: "130px",
    hideBelow: 900,
    cell: ({ event }) => (event.call_id ? <IdText id={event.call_id} what="call id" short /> : "–"),
  },
  {
    id: "created",
    header: "Created",
    width: "112px",
    align: "end",
    cell: ({ created_at }) => <Time at={created_at} />,
    sortBy: ({ created_at }) => created_at,
  },
];

interface FiltersProps {
  filters: DeliveryFilters;
  onChange: (change: DeliveryFilters) => void;
  webhook: Webhook;
  onRecover: () => void;
}

function Filters({ filters, onChange, webhook, onRecover }: FiltersProps) {
  return (
    <div className={classes.filters} role="search">
      <NativeSelect
        aria-label="State"
        data={[{ value: "", label: "Any state" }, ...STATES]}
        value={filters.state ?? ""}
        onChange={(event) => onChange({ state: oneOf(event.currentTarget.value, STATES) })}
      />
      <NativeSelect
        aria-label="Event"
        data={[{ value: "", label: "Any event" }, ...EVENT_TYPES]}
        value={filters.event_type ?? ""}
        onChange={(event) => onChange({ event_type: oneOf(event.currentTarget.value, EVENT_TYPES) })}
      />
      <CommittedText
        data-search
        aria-label="Call id"
        placeholder="Call id"
        value={filters.call_id ?? ""}
        maxLength={36}
        onCommit={(text) => onChange({ call_id: text || undefined })}
      />
      <TextInput
        aria-label="Since"
        leftSection="Since"
        leftSectionWidth={54}
        type="datetime-local"
        value={toLocalField(filters.since)}
        onChange={(event) => onChange({ since: fromLocalField(event.currentTarget.value) })}
      />
      <ScopedButton
        scope="webhooks:write"
        variant="default"
        leftSection={<RotateCcw size={14} />}
        blocked={webhook.enabled ? undefined : "A disabled webhook receives nothing: enable it first."}
        onClick={onRecover}
      >
        Recover
      </ScopedButton>
    </div>
  );
}

function NoDeliveries({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No delivery matches" text="Change or remove a filter." />;
  return (
    <Empty
      title="No deliveries yet"
      text="Send a ping: its delivery appears here, with what your endpoint responded. Events of calls follow as they happen."
    />
  );
}
