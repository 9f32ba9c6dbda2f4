import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo } from "react";
import { pollIntervalMs } from "~/api/polling";
import { moreOf, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { NeedsRight } from "~/components/NeedsRight";
import { Page } from "~/components/Page";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { triggersQuery, type Trigger } from "./queries";
import classes from "./Triggers.module.css";
import { kindWords } from "./words";

const EVERY_MS = 10_000;

/** The tenant's triggers. */
export function TriggersPage() {
  const navigate = useNavigate();
  return (
    <Page
      title="Triggers"
      text="Another system's webhook starts a call, without a service of your own in between."
      actions={
        <ScopedButton
          scope="triggers:write"
          leftSection={<Plus size={15} />}
          onClick={() => void navigate({ to: "/triggers/new" })}
        >
          New trigger
        </ScopedButton>
      }
    >
      <NeedsRight scope="triggers:read">
        <TriggerTable />
      </NeedsRight>
    </Page>
  );
}

function TriggerTable() {
  const navigate = useNavigate();
  const query = useInfiniteQuery({
    ...triggersQuery,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : pollIntervalMs(EVERY_MS)),
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  return (
    <PageState
      query={query}
      empty={{ when: ({ pages }) => pages.every((page) => page.data.length === 0), show: <NoTriggers /> }}
    >
      {() => (
        <DataTable
          label="Triggers"
          rows={rows}
          columns={COLUMNS}
          rowId={(trigger) => trigger.id}
          onOpen={(trigger) =>
            void navigate({ to: "/triggers/$triggerId", params: { triggerId: trigger.id } })
          }
          more={moreOf(query)}
        />
      )}
    </PageState>
  );
}

const COLUMNS: Column<Trigger>[] = [
  {
    id: "name",
    header: "Name",
    width: "minmax(140px, 1fr)",
    cell: (trigger) => <span className={classes.name}>{trigger.name}</span>,
    sortBy: (trigger) => trigger.name,
  },
  {
    id: "state",
    header: "State",
    width: "110px",
    cell: (trigger) => <Status value={trigger.enabled ? "enabled" : "disabled"} />,
    sortBy: (trigger) => Number(trigger.enabled),
  },
  {
    id: "kind",
    header: "Starts",
    width: "132px",
    hideBelow: 560,
    cell: (trigger) => `a ${kindWords(trigger.kind)}`,
    sortBy: (trigger) => trigger.kind,
  },
  {
    id: "when",
    header: "Only when",
    width: "minmax(120px, 1.4fr)",
    hideBelow: 900,
    cell: (trigger) =>
      trigger.when ? (
        <code className={classes.code}>{trigger.when}</code>
      ) : (
        <span className={classes.muted}>every event</span>
      ),
  },
  {
    id: "id",
    header: "Id",
    width: "150px",
    hideBelow: 760,
    cell: (trigger) => <IdText id={trigger.id} what="trigger id" short />,
  },
  {
    id: "updated",
    header: "Changed",
    width: "112px",
    align: "end",
    cell: (trigger) => <Time at={trigger.updated_at} />,
    sortBy: (trigger) => trigger.updated_at,
  },
];

function NoTriggers() {
  const code = `curl -X POST ${location.origin}/api/v1/triggers -H "x-api-key: $TEST_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"name": "leads", "kind": "outbound",
       "body": {"agentId": "'$AGENT_ID'", "phoneNumber": "{{event.phone}}"}}'`;
  return (
    <Empty
      title="No triggers yet"
      text="A trigger has a URL and a secret. Each event that is sent to it starts a call from the values of the event."
      code={code}
    />
  );
}
