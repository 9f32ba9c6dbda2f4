import { Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { pollIntervalMs } from "~/api/polling";
import { CallLink } from "~/components/CallLink";
import { CommittedText } from "~/components/CommittedText";
import { moreOf, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { Empty, PageState } from "~/components/PageState";
import { Status } from "~/components/Status";
import { durationText } from "~/lib/time";
import { namesWith } from "../build/names";
import classes from "./batches.module.css";
import { ExportButton } from "./ExportButton";
import type { BatchSearch } from "./filters";
import { resultsQuery, type Batch, type BatchRow } from "./queries";
import { isMoving } from "./words";

const EVERY_MS = 5_000;

/** The rows of a batch with their calls; filters are in the URL. */
export function ResultsTab({ batch }: { batch: Batch }) {
  const { only, phone_number, id, status, reason } = useSearch({ from: "/_app/batches_/$batchId" });
  const filters = { only, phone_number, id, status, reason };
  const query = useInfiniteQuery({
    ...resultsQuery(batch.id, filters),
    refetchInterval: ({ state }) =>
      isMoving(batch) && (state.data?.pages.length ?? 0) <= 1 ? pollIntervalMs(EVERY_MS) : false,
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  return (
    <>
      <Filters filters={filters} batch={batch} />
      <PageState
        query={query}
        empty={{
          when: () => rows.length === 0 && !query.hasNextPage,
          show: (
            <Empty
              title="No row matches"
              text="Rows appear as they are imported. Change or remove a filter."
            />
          ),
        }}
      >
        {() => (
          <DataTable
            label="Results"
            rows={rows}
            columns={COLUMNS}
            rowId={(row) => String(row.row)}
            more={moreOf(query)}
          />
        )}
      </PageState>
    </>
  );
}

function Filters({ filters, batch }: { filters: BatchSearch; batch: Batch }) {
  const navigate = useNavigate({ from: "/batches/$batchId" });
  const set = (change: BatchSearch) => void navigate({ search: (before) => ({ ...before, ...change }) });
  const reasons = [
    ...batch.progress.reasons.map(({ reason }) => reason),
    ...batch.progress.refusals.map(({ type }) => type),
  ];
  return (
    <div className={classes.filters} role="search">
      <CommittedText
        data-search
        aria-label="Phone number"
        placeholder="+15550100001"
        value={filters.phone_number ?? ""}
        onCommit={(text) => set({ phone_number: text || undefined })}
      />
      <CommittedText
        aria-label="Row id"
        placeholder="Row id"
        value={filters.id ?? ""}
        onCommit={(text) => set({ id: text || undefined })}
      />
      <Select
        aria-label="Rows"
        placeholder="All rows"
        clearable
        data={["called", "refused"]}
        value={filters.only ?? null}
        onChange={(only) => set({ only: only === "called" || only === "refused" ? only : undefined })}
      />
      <Select
        aria-label="Status"
        placeholder="Any status"
        clearable
        data={namesWith(STATUSES, filters.status ? [filters.status] : [])}
        value={filters.status ?? null}
        onChange={(status) => set({ status: status ?? undefined })}
      />
      <Select
        aria-label="Reason"
        placeholder="Any reason"
        clearable
        data={[...new Set([...reasons, ...(filters.reason ? [filters.reason] : [])])]}
        value={filters.reason ?? null}
        onChange={(reason) => set({ reason: reason ?? undefined })}
      />
      <ExportButton batch={batch} />
    </div>
  );
}

/** What a row can be: its call's status, or why it has none. */
const STATUSES = [
  ...["waiting", "refused", "dropped", "queued", "scheduled", "connecting", "active"],
  ...["completed", "failed", "cancelled", "disconnected", "timeout"],
];

const COLUMNS: Column<BatchRow>[] = [
  { id: "row", header: "Row", width: "80px", cell: (row) => <span className="tabular">{row.row}</span> },
  {
    id: "id",
    header: "Row id",
    width: "minmax(80px, 1fr)",
    hideBelow: 980,
    cell: (row) => <span className={classes.reason}>{row.id ?? "–"}</span>,
  },
  { id: "status", header: "Status", width: "130px", cell: (row) => <Status value={row.status} /> },
  {
    id: "number",
    header: "Number",
    width: "minmax(120px, 1fr)",
    cell: (row) => <span className="tabular">{row.phone_number ?? "–"}</span>,
  },
  {
    id: "reason",
    header: "Reason",
    width: "minmax(140px, 2fr)",
    hideBelow: 520,
    cell: (row) => (
      <span className={classes.reason} title={reasonOf(row)}>
        {reasonOf(row)}
      </span>
    ),
  },
  {
    id: "call",
    header: "Call",
    width: "150px",
    hideBelow: 760,
    cell: (row) => (row.call_id ? <CallLink id={row.call_id} /> : "–"),
  },
  {
    id: "talked",
    header: "Talked",
    width: "90px",
    align: "end",
    hideBelow: 860,
    cell: (row) => (row.duration_s === null ? "–" : durationText(row.duration_s)),
  },
];

function reasonOf(row: BatchRow): string {
  if (row.error) return row.value ? `${row.error} (${row.value})` : row.error;
  return row.reason?.replaceAll("_", " ") ?? "–";
}
