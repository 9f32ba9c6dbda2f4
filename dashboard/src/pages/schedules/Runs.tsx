import { useLive } from "~/api/live";
import type { Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { CallLink } from "~/components/CallLink";
import { Empty, PageState } from "~/components/PageState";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import type { Tone } from "~/theme/tones";
import { runsQuery, type Run } from "./queries";
import classes from "./schedules.module.css";

const EVERY_MS = 5_000;
const TONES: Record<string, Tone> = { called: "good", duplicate: "idle", refused: "bad" };
const TEXTS: Record<string, string> = {
  called: "The call was created.",
  duplicate: "This time had already created its call.",
};

/** What came of the last hundred runs. */
export function Runs({ id }: { id: string }) {
  const query = useLive({ ...runsQuery(id), everyMs: EVERY_MS });
  return (
    <PageState
      query={query}
      empty={{
        when: (runs) => runs.length === 0,
        show: <Empty title="No runs yet" text="Each run is listed here for a month, with its call." />,
      }}
    >
      {(runs) => (
        <DataTable label="Runs" rows={runs} columns={COLUMNS} rowId={(run) => `${run.due_at} ${run.at}`} />
      )}
    </PageState>
  );
}

const COLUMNS: Column<Run>[] = [
  {
    id: "outcome",
    header: "Outcome",
    width: "120px",
    cell: (run) => <Status value={run.outcome} tone={TONES[run.outcome] ?? "idle"} />,
    sortBy: (run) => run.outcome,
  },
  {
    id: "why",
    header: "What came of it",
    hideBelow: 520,
    cell: (run) => {
      const text = run.error ?? TEXTS[run.outcome] ?? "";
      return (
        <span className={classes.why} title={text}>
          {text}
        </span>
      );
    },
  },
  {
    id: "call",
    header: "Call",
    width: "150px",
    cell: (run) => (run.call_id ? <CallLink id={run.call_id} /> : "–"),
  },
  {
    id: "due",
    header: "Due",
    width: "150px",
    hideBelow: 640,
    cell: (run) => <Time at={run.due_at} absolute />,
  },
  { id: "at", header: "Ran", width: "112px", align: "end", cell: (run) => <Time at={run.at} /> },
];
