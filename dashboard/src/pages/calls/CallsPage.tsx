import { SegmentedControl } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { PhoneOutgoing } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { currentMode } from "~/api/mode";
import { useReasonTexts } from "~/api/reference";
import { ButtonLink } from "~/components/ButtonLink";
import { moreOf, selectedAmong } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { Page } from "~/components/Page";
import { Empty, PageState, Skeleton } from "~/components/PageState";
import { hasFilters } from "~/lib/search";
import classes from "./CallsPage.module.css";
import { callColumns } from "./columns";
import { Filters } from "./Filters";
import type { CallFilters } from "./filters";
import type { CallListItem } from "./queries";
import { useCallList } from "./use-call-list";

const NOTHING: ReadonlySet<string> = new Set();
/** The dialog of the selection is loaded with the first selected call. */
const SelectionBar = lazy(async () => ({ default: (await import("./SelectionBar")).SelectionBar }));
const RefusedCalls = lazy(async () => ({ default: (await import("./RefusedCalls")).RefusedCalls }));

/** The calls of the tenant, with filters in the URL; and the requests that were refused. */
export function CallsPage() {
  const { view, ...filters } = useSearch({ from: "/_app/calls" });
  const navigate = useNavigate({ from: "/calls" });
  return (
    <Page
      title="Calls"
      text={
        view === "refused"
          ? "Requests that were refused: there is no call of them."
          : "Every call, newest first."
      }
      actions={
        <ButtonLink to="/place-call" leftSection={<PhoneOutgoing size={15} />}>
          Place a call
        </ButtonLink>
      }
    >
      <SegmentedControl
        className={classes.tabs}
        aria-label="View"
        value={view ?? "calls"}
        onChange={(value) =>
          void navigate({
            search: { phone_number: filters.phone_number, view: value === "refused" ? "refused" : undefined },
          })
        }
        data={[
          { value: "calls", label: "Calls" },
          { value: "refused", label: "Refused requests" },
        ]}
      />
      {view === "refused" ? (
        <Suspense fallback={<Skeleton />}>
          <RefusedCalls phoneNumber={filters.phone_number} />
        </Suspense>
      ) : (
        <CallTable filters={filters} />
      )}
    </Page>
  );
}

function CallTable({ filters }: { filters: CallFilters }) {
  const query = useCallList(filters);
  const calls = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const reasons = useReasonTexts();
  const columns = useMemo(() => callColumns(reasons), [reasons]);
  const [marked, setSelected] = useState(NOTHING);
  const selected = useMemo(() => selectedAmong(marked, calls.map(idOf)), [marked, calls]);
  const [told, setTold] = useState("");
  const select = (ids: ReadonlySet<string>) => {
    setSelected(ids);
    setTold("");
  };
  const navigate = useNavigate({ from: "/calls" });
  return (
    <>
      <Filters filters={filters} />
      {selected.size > 0 && (
        <Suspense>
          <SelectionBar
            ids={selected}
            clear={() => setSelected(NOTHING)}
            onCancelled={(text) => {
              setTold(text);
              void query.refetch();
            }}
          />
        </Suspense>
      )}
      <p role="status" className={told ? classes.told : "visually-hidden"}>
        {told}
      </p>
      <PageState
        query={query}
        empty={{
          when: ({ pages }) => pages.every((page) => page.data.length === 0) && !query.hasNextPage,
          show: <NoCalls isFiltered={hasFilters(filters)} />,
        }}
      >
        {() => (
          <DataTable
            label="Calls"
            rows={calls}
            columns={columns}
            rowId={idOf}
            onOpen={(call) => void navigate({ to: "/calls/$id", params: { id: call.call_id } })}
            selection={{ ids: selected, onChange: select }}
            more={moreOf(query)}
          />
        )}
      </PageState>
    </>
  );
}

function idOf(call: CallListItem): string {
  return call.call_id;
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
