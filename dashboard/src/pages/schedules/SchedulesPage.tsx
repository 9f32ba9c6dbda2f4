import { lazy } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useLive } from "~/api/live";
import type { Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Page } from "~/components/Page";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import build from "../build/build.module.css";
import { curl } from "../build/curl";
import { stateOf, whenText } from "./words";
import { schedulesQuery, type Schedule } from "./queries";

const ScheduleForm = lazy(async () => ({ default: (await import("./ScheduleForm")).ScheduleForm }));

const EVERY_MS = 10_000;

/** The tenant's schedules with their next runs, or the form of a new one. */
export function SchedulesPage() {
  const { create } = useSearch({ from: "/_app/schedules" });
  const navigate = useNavigate();
  const query = useLive({ ...schedulesQuery, everyMs: EVERY_MS });
  const open = ({ id }: Schedule) =>
    void navigate({ to: "/schedules/$scheduleId", params: { scheduleId: id } });
  if (create) {
    return (
      <Page title="New schedule" text="Creates a call at each of its times.">
        <ScheduleForm onSaved={open} onCancel={() => void navigate({ to: "/schedules" })} />
      </Page>
    );
  }
  return (
    <Page
      title="Schedules"
      text="Calls at set times: by a crontab line, at a rate, or once."
      actions={
        <ScopedButton
          scope="schedules:write"
          leftSection={<Plus size={14} />}
          onClick={() => void navigate({ to: "/schedules", search: { create: true } })}
        >
          New schedule
        </ScopedButton>
      }
    >
      <PageState query={query} empty={{ when: (found) => found.length === 0, show: <NoSchedules /> }}>
        {(schedules) => (
          <DataTable
            label="Schedules"
            rows={schedules}
            columns={COLUMNS}
            rowId={({ id }) => id}
            onOpen={open}
          />
        )}
      </PageState>
    </Page>
  );
}

function NoSchedules() {
  const call = { agentId: "$AGENT_ID", phoneNumber: "+15550100001" };
  const json = {
    name: "every morning",
    kind: "outbound",
    cron: "0 9 * * *",
    timezone: "Europe/Berlin",
    body: call,
  };
  return (
    <Empty
      title="No schedules yet"
      text="A schedule replaces a cron job: it creates a call at each of its times."
      code={curl("POST", "/api/v1/schedules", json)}
    />
  );
}

const COLUMNS: Column<Schedule>[] = [
  {
    id: "name",
    header: "Name",
    cell: (schedule) => <span className={build.names}>{schedule.name}</span>,
    sortBy: (schedule) => schedule.name.toLowerCase(),
  },
  {
    id: "status",
    header: "Status",
    width: "108px",
    cell: (schedule) => <Status value={stateOf(schedule)} />,
    sortBy: stateOf,
  },
  {
    id: "when",
    header: "When",
    hideBelow: 640,
    cell: (schedule) => <span className={build.names}>{whenText(schedule)}</span>,
  },
  {
    id: "next",
    header: "Next run",
    width: "106px",
    align: "end",
    cell: (schedule) => <Time at={schedule.next_runs[0]} />,
    sortBy: (schedule) => schedule.next_runs[0] ?? null,
  },
  {
    id: "id",
    header: "Id",
    width: "180px",
    hideBelow: 860,
    cell: ({ id }) => <IdText id={id} what="schedule id" short />,
  },
];
