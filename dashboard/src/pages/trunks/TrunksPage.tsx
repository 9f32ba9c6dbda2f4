import { useNavigate } from "@tanstack/react-router";
import { useLive } from "~/api/live";
import type { Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { NeedsRight } from "~/components/NeedsRight";
import { Page } from "~/components/Page";
import { PageState } from "~/components/PageState";
import { Status } from "~/components/Status";
import { rateText } from "../now/activity";
import { NoTrunks } from "./NoTrunks";
import { trunksQuery, type TrunkSummary } from "./queries";
import { concurrencyLimit, pauseText, slowText, trunkTone } from "./words";
import classes from "./Trunks.module.css";

const EVERY_MS = 5_000;

/** The tenant's trunks with their numbers. */
export function TrunksPage() {
  return (
    <Page
      title="Trunks & numbers"
      text="The trunks that your operator granted to you, and what they may dial."
    >
      <NeedsRight scope="trunks:read">
        <TrunkTable />
      </NeedsRight>
    </Page>
  );
}

function TrunkTable() {
  const query = useLive({ ...trunksQuery, everyMs: EVERY_MS });
  const navigate = useNavigate();
  return (
    <PageState query={query} empty={{ when: ({ data }) => data.length === 0, show: <NoTrunks /> }}>
      {({ data }) => (
        <DataTable
          label="Trunks"
          rows={data}
          columns={COLUMNS}
          rowId={(trunk) => trunk.id}
          onOpen={(trunk) => void navigate({ to: "/trunks/$trunkId", params: { trunkId: trunk.id } })}
        />
      )}
    </PageState>
  );
}

const COLUMNS: Column<TrunkSummary>[] = [
  {
    id: "name",
    header: "Trunk",
    width: "minmax(120px, 1fr)",
    cell: (trunk) => <strong className={classes.name}>{trunk.name}</strong>,
    sortBy: (trunk) => trunk.name,
  },
  {
    id: "state",
    header: "State",
    width: "104px",
    cell: (trunk) => <Status value={trunk.state} tone={trunkTone(trunk.state)} />,
    sortBy: (trunk) => trunk.state,
  },
  {
    id: "why",
    header: "Why",
    width: "minmax(140px, 1.6fr)",
    hideBelow: 980,
    cell: (trunk) => <span className={classes.muted}>{whyOf(trunk) ?? "–"}</span>,
  },
  {
    id: "pace",
    header: "Pace",
    width: "124px",
    align: "end",
    hideBelow: 560,
    cell: (trunk) => `${rateText(trunk.pace)} of ${rateText(trunk.cps)}`,
    sortBy: (trunk) => trunk.pace,
  },
  {
    id: "waiting",
    header: "Waiting",
    width: "92px",
    align: "end",
    cell: (trunk) => trunk.waiting.toLocaleString("en"),
    sortBy: (trunk) => trunk.waiting,
  },
  {
    id: "progress",
    header: "In progress",
    width: "116px",
    align: "end",
    hideBelow: 680,
    cell: (trunk) => inProgress(trunk),
    sortBy: (trunk) => trunk.in_progress,
  },
  {
    id: "numbers",
    header: "Numbers",
    width: "92px",
    align: "end",
    hideBelow: 760,
    cell: (trunk) => trunk.numbers.length.toLocaleString("en"),
    sortBy: (trunk) => trunk.numbers.length,
  },
  {
    id: "id",
    header: "Id",
    width: "150px",
    hideBelow: 860,
    cell: (trunk) => <IdText id={trunk.id} what="trunk id" short />,
  },
];

function whyOf(trunk: TrunkSummary): string | null {
  if (trunk.paused_reason) return pauseText(trunk.paused_reason);
  return trunk.slowed_by ? slowText(trunk.slowed_by) : null;
}

function inProgress(trunk: TrunkSummary): string {
  const limit = concurrencyLimit(trunk);
  return limit === null ? trunk.in_progress.toLocaleString("en") : `${trunk.in_progress} of ${limit}`;
}
