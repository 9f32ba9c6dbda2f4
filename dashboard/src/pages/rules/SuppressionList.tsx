import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Search } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { pollIntervalMs } from "~/api/polling";
import { useSession } from "~/api/use-session";
import { CommittedText } from "~/components/CommittedText";
import { CopyButton } from "~/components/CopyButton";
import { moreOf, selectedAmong, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Time } from "~/components/Time";
import { countOf, searchedNumber } from "./number-list";
import { suppressionsQuery, type Suppression } from "./queries";
import classes from "./Rules.module.css";

const ReleaseDialog = lazy(() => import("./ReleaseDialog"));
const SuppressDialog = lazy(() => import("./SuppressDialog"));
const EVERY_MS = 10_000;

/** The numbers that must not be called: search, add, release. */
export function SuppressionList() {
  const { number } = useSearch({ from: "/_app/rules" });
  const { allows } = useSession();
  const [isAdding, setAdding] = useState(false);
  const [marked, setSelected] = useState<ReadonlySet<string>>(new Set());
  const query = useInfiniteQuery({
    ...suppressionsQuery(number),
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : pollIntervalMs(EVERY_MS)),
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const selected = useMemo(() => selectedAmong(marked, rows.map(numberOf)), [marked, rows]);
  return (
    <>
      <div className={classes.bar}>
        <SearchField />
        <div className={classes.pair}>
          {selected.size > 0 && (
            <ReleaseButton numbers={[...selected]} onDone={() => setSelected(new Set())} />
          )}
          <ScopedButton scope="rules:write" leftSection={<Plus size={15} />} onClick={() => setAdding(true)}>
            Add numbers
          </ScopedButton>
        </div>
      </div>
      <PageState
        query={query}
        empty={{
          when: ({ pages }) => pages.every((page) => page.data.length === 0),
          show: <NoNumbers searched={number} />,
        }}
      >
        {() => (
          <DataTable
            label="Suppression list"
            rows={rows}
            columns={COLUMNS}
            rowId={numberOf}
            {...(allows("rules:write") ? { selection: { ids: selected, onChange: setSelected } } : {})}
            more={moreOf(query)}
          />
        )}
      </PageState>
      {isAdding && (
        <Suspense>
          <SuppressDialog onClose={() => setAdding(false)} />
        </Suspense>
      )}
    </>
  );
}

function numberOf(row: Suppression): string {
  return row.number;
}

const COLUMNS: Column<Suppression>[] = [
  {
    id: "number",
    header: "Number",
    width: "minmax(170px, 1fr)",
    cell: (row) => (
      <span className={`tabular ${classes.number}`}>
        {row.number} <CopyButton text={row.number} what="number" />
      </span>
    ),
    sortBy: (row) => row.number,
  },
  {
    id: "reason",
    header: "Reason",
    width: "minmax(140px, 2fr)",
    hideBelow: 620,
    cell: (row) => <span className={classes.muted}>{row.reason || "–"}</span>,
    sortBy: (row) => row.reason,
  },
  {
    id: "expires",
    header: "Until",
    width: "132px",
    align: "end",
    cell: (row) => (row.expires_at ? <Time at={row.expires_at} absolute /> : "for good"),
    sortBy: (row) => row.expires_at,
  },
  {
    id: "added",
    header: "Added",
    width: "112px",
    align: "end",
    hideBelow: 480,
    cell: (row) => <Time at={row.added_at} />,
    sortBy: (row) => row.added_at,
  },
];

function SearchField() {
  const { number } = useSearch({ from: "/_app/rules" });
  const navigate = useNavigate({ from: "/rules" });
  const [error, setError] = useState<string | null>(null);
  const search = (text: string) => {
    const found = searchedNumber(text);
    const isValid = text.trim() === "" || found !== undefined;
    setError(isValid ? null : "Type the beginning of a number, for example +1415.");
    if (isValid && found !== number) void navigate({ search: (before) => ({ ...before, number: found }) });
  };
  return (
    <CommittedText
      data-search
      className={classes.search}
      aria-label="Number, or its beginning"
      placeholder="+1415…"
      leftSection={<Search size={14} />}
      value={number ?? ""}
      error={error}
      onCommit={search}
    />
  );
}

function ReleaseButton({ numbers, onDone }: { numbers: string[]; onDone: () => void }) {
  const [asked, setAsked] = useState<string[] | null>(null);
  return (
    <>
      <Button variant="default" onClick={() => setAsked(numbers)}>
        {`Release ${countOf(numbers.length)}`}
      </Button>
      {asked && (
        <Suspense>
          <ReleaseDialog numbers={asked} onClose={() => setAsked(null)} onDone={onDone} />
        </Suspense>
      )}
    </>
  );
}

function NoNumbers({ searched }: { searched: string | undefined }) {
  if (searched)
    return <Empty title={`${searched} is not on the list`} text="No number on the list begins with it." />;
  const code = `curl -X POST ${location.origin}/api/v1/suppressions -H "x-api-key: $TEST_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"numbers": ["+14155550100"], "reason": "asked not to be called"}'`;
  return (
    <Empty
      title="No number is suppressed"
      text="A number on this list is never called: requests for it are refused, and calls that wait for it end as suppressed."
      code={code}
    />
  );
}
