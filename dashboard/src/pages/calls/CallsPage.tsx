import { Select, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useMemo } from "react";
import { pollIntervalMs } from "~/api/polling";
import { currentMode } from "~/api/mode";
import type { Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Page } from "~/components/Page";
import { Empty, PageState } from "~/components/PageState";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { hasFilters } from "~/lib/search";
import { durationText } from "~/lib/time";
import classes from "./CallsPage.module.css";
import { STATUSES, type CallFilters } from "./filters";
import { callsQuery, type CallListItem } from "./queries";

const EVERY_MS = 5_000;

/** The calls of the tenant, with filters in the URL. */
export function CallsPage() {
  const filters = useSearch({ from: "/_app/calls" });
  const query = useInfiniteQuery({
    ...callsQuery(filters),
    refetchInterval: ({ state }) => (hasSeveralPages(state.data) ? false : pollIntervalMs(EVERY_MS)),
  });
  const calls = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const isFiltered = hasFilters(filters);
  return (
    <Page title="Calls" text="Every call, newest first.">
      <Filters filters={filters} />
      <PageState
        query={query}
        empty={{
          when: ({ pages }) => pages.every((page) => page.data.length === 0),
          show: <NoCalls isFiltered={isFiltered} />,
        }}
      >
        {() => (
          <DataTable
            label="Calls"
            rows={calls}
            columns={COLUMNS}
            rowId={(call) => call.call_id}
            more={{
              has: query.hasNextPage,
              isLoading: query.isFetchingNextPage,
              load: () => void query.fetchNextPage(),
            }}
          />
        )}
      </PageState>
    </Page>
  );
}

/** Pages that a person has loaded stay as they are: a poll would read each of them again. */
function hasSeveralPages(data: { pages: unknown[] } | undefined): boolean {
  return data !== undefined && data.pages.length > 1;
}

const COLUMNS: Column<CallListItem>[] = [
  {
    id: "status",
    header: "Status",
    width: "128px",
    cell: (call) => <Status value={call.status} />,
    sortBy: (call) => call.status,
  },
  {
    id: "callee",
    header: "Callee",
    width: "minmax(118px, 1fr)",
    cell: (call) => <span className="tabular">{call.phone_number ?? call.user_id ?? "Web call"}</span>,
    sortBy: (call) => call.phone_number ?? call.user_id,
  },
  {
    id: "reason",
    header: "Reason",
    width: "minmax(120px, 1fr)",
    hideBelow: 640,
    cell: (call) => <span className={classes.reason}>{call.status_reason?.replaceAll("_", " ") ?? "–"}</span>,
    sortBy: (call) => call.status_reason,
  },
  {
    id: "id",
    header: "Call",
    width: "150px",
    hideBelow: 860,
    cell: (call) => <IdText id={call.call_id} what="call id" short />,
  },
  {
    id: "duration",
    header: "Talked",
    width: "110px",
    align: "end",
    hideBelow: 520,
    cell: (call) => (call.duration_seconds === null ? "–" : durationText(call.duration_seconds)),
    sortBy: (call) => call.duration_seconds,
  },
  {
    id: "created",
    header: "Created",
    width: "112px",
    align: "end",
    cell: (call) => <Time at={call.created_at} />,
    sortBy: (call) => call.created_at,
  },
];

function Filters({ filters }: { filters: CallFilters }) {
  const navigate = useNavigate({ from: "/calls" });
  const set = (change: CallFilters) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <div className={classes.filters} role="search">
      <TextInput
        data-search
        aria-label="Phone number"
        placeholder="+15550100001"
        leftSection={<Search size={14} />}
        defaultValue={filters.phone_number ?? ""}
        key={filters.phone_number}
        onBlur={(event) => set({ phone_number: event.currentTarget.value || undefined })}
        onKeyDown={(event) => {
          if (event.key === "Enter") set({ phone_number: event.currentTarget.value || undefined });
        }}
      />
      <Select
        aria-label="Status"
        placeholder="Any status"
        clearable
        data={[...STATUSES]}
        value={filters.status ?? null}
        onChange={(status) => set({ status: (status as CallFilters["status"]) ?? undefined })}
      />
    </div>
  );
}

function NoCalls({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No call matches" text="Change or remove a filter." />;
  const code = `curl -X POST ${location.origin}/api/v1/calls/outbound \\
  -H "x-api-key: $${currentMode() === "live" ? "KEY" : "TEST_KEY"}" -H "Content-Type: application/json" \\
  -d '{"agentId": "$AGENT_ID", "phoneNumber": "+15550100001"}'`;
  return (
    <Empty
      title="No calls yet"
      text="Place the first one: this test number answers, and no phone rings."
      code={code}
    />
  );
}
