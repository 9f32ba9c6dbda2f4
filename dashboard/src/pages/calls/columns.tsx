/** The columns of the list of calls. */
import type { Column } from "~/components/data-table";
import { IdText } from "~/components/IdText";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { durationText } from "~/lib/time";
import { shownStatus } from "~/pages/call/timeline";
import classes from "./CallsPage.module.css";
import type { CallListItem } from "./queries";
import { reasonOf } from "./reason";

export function callColumns(reasons: (reason: string) => string): Column<CallListItem>[] {
  return [
    {
      id: "status",
      header: "Status",
      width: "128px",
      cell: (call) => <Status value={shownStatus(call)} />,
      sortBy: shownStatus,
    },
    {
      id: "callee",
      header: "Callee",
      width: "minmax(130px, 0.6fr)",
      cell: (call) => <span className="tabular">{calleeOf(call)}</span>,
      sortBy: calleeOf,
    },
    {
      id: "reason",
      header: "Reason",
      width: "minmax(180px, 1.4fr)",
      hideBelow: 560,
      cell: (call) => (
        <span className={classes.reason} title={reasonOf(call, reasons)}>
          {reasonOf(call, reasons)}
        </span>
      ),
      sortBy: (call) => reasonOf(call, reasons),
    },
    {
      id: "workflow",
      header: "Workflow",
      width: "150px",
      hideBelow: 1240,
      cell: (call) => <span className={classes.reason}>{call.workflow_slug ?? "–"}</span>,
      sortBy: (call) => call.workflow_slug,
    },
    {
      id: "id",
      header: "Call",
      width: "128px",
      hideBelow: 860,
      cell: (call) => <IdText id={call.call_id} what="call id" short />,
    },
    {
      id: "duration",
      header: "Talked",
      width: "92px",
      align: "end",
      hideBelow: 700,
      cell: (call) => (call.duration_seconds ? durationText(call.duration_seconds) : "–"),
      sortBy: (call) => call.duration_seconds,
    },
    {
      id: "created",
      header: "Created",
      width: "108px",
      hideBelow: 440,
      align: "end",
      cell: (call) => <Time at={call.created_at} />,
      sortBy: (call) => call.created_at,
    },
  ];
}

function calleeOf(call: CallListItem): string {
  return call.phone_number ?? call.user_id ?? "Web call";
}
