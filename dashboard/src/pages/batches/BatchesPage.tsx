import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { lazy, useMemo } from "react";
import { pollIntervalMs } from "~/api/polling";
import { moreOf, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Page } from "~/components/Page";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import build from "../build/build.module.css";
import { curl } from "../build/curl";
import { batchesQuery, type BatchListItem } from "./queries";
import { stateLabel, stateTone } from "./words";

const NewBatch = lazy(async () => ({ default: (await import("./NewBatch")).NewBatch }));

const EVERY_MS = 5_000;

/** The tenant's batches, newest first, or the form of a new one. */
export function BatchesPage() {
  const { create } = useSearch({ from: "/_app/batches" });
  return create ? <NewBatch /> : <Batches />;
}

function Batches() {
  const navigate = useNavigate();
  const query = useInfiniteQuery({
    ...batchesQuery,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : pollIntervalMs(EVERY_MS)),
  });
  const batches = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  return (
    <Page
      title="Batches"
      text="Lists that are called row by row."
      actions={
        <ScopedButton
          scope="batches:write"
          leftSection={<Plus size={14} />}
          onClick={() => void navigate({ to: "/batches", search: { create: true } })}
        >
          New batch
        </ScopedButton>
      }
    >
      <PageState
        query={query}
        empty={{ when: ({ pages }) => pages.every(({ data }) => data.length === 0), show: <NoBatches /> }}
      >
        {() => (
          <DataTable
            label="Batches"
            rows={batches}
            columns={COLUMNS}
            rowId={(batch) => batch.id}
            onOpen={({ id }) => void navigate({ to: "/batches/$batchId", params: { batchId: id } })}
            more={moreOf(query)}
          />
        )}
      </PageState>
    </Page>
  );
}

function NoBatches() {
  const template = { agentId: "$AGENT_ID", phoneNumber: "{{row.phone}}" };
  const json = { name: "first", dry_run: true, body: template, rows: [{ phone: "+15550100001" }] };
  return (
    <Empty
      title="No batches yet"
      text="Drop a CSV, NDJSON or JSON file on a new batch, or send rows. A dry run checks them, and calls nobody."
      code={curl("POST", "/api/v1/batches", json)}
    />
  );
}

const COLUMNS: Column<BatchListItem>[] = [
  {
    id: "name",
    header: "Name",
    cell: (batch) => <span className={build.names}>{batch.name}</span>,
    sortBy: (batch) => batch.name.toLowerCase(),
  },
  {
    id: "status",
    header: "Status",
    width: "150px",
    cell: (batch) => <Status value={batch.status} label={stateLabel(batch)} tone={stateTone(batch)} />,
    sortBy: (batch) => batch.status,
  },
  {
    id: "rows",
    header: "Rows",
    width: "110px",
    align: "end",
    hideBelow: 520,
    cell: (batch) => <span className="tabular">{batch.rows?.toLocaleString("en") ?? "–"}</span>,
    sortBy: (batch) => batch.rows,
  },
  {
    id: "id",
    header: "Id",
    width: "180px",
    hideBelow: 760,
    cell: (batch) => <IdText id={batch.id} what="batch id" short />,
  },
  {
    id: "created",
    header: "Created",
    width: "112px",
    align: "end",
    cell: (batch) => <Time at={batch.created_at} />,
    sortBy: (batch) => batch.created_at,
  },
];
