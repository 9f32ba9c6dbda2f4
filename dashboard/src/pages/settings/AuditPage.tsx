import { TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { pollIntervalMs } from "~/api/polling";
import { CommittedText } from "~/components/CommittedText";
import { moreOf, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Empty, PageState } from "~/components/PageState";
import { Time } from "~/components/Time";
import { fromLocalField, toLocalField } from "~/lib/local-time";
import { hasFilters } from "~/lib/search";
import type { AuditFilters } from "./filters";
import { auditQuery, type AuditEntry } from "./queries";
import classes from "./settings.module.css";

const AuditEntryPanel = lazy(() => import("./AuditEntryPanel"));
const EVERY_MS = 10_000;

/** Who changed what; the log names fields, never values. */
export function AuditPage() {
  const filters = useSearch({ from: "/_app/settings/audit" });
  const navigate = useNavigate({ from: "/settings/audit" });
  const query = useInfiniteQuery({
    ...auditQuery(filters),
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : pollIntervalMs(EVERY_MS)),
  });
  const [opened, setOpened] = useState<AuditEntry | null>(null);
  const entries = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const set = (change: AuditFilters) => void navigate({ search: (before) => ({ ...before, ...change }) });
  return (
    <>
      <Filters filters={filters} onChange={set} />
      <PageState
        query={query}
        empty={{
          when: ({ pages }) => !query.hasNextPage && pages.every((page) => page.data.length === 0),
          show: hasFilters(filters) ? (
            <Empty title="No entry matches" text="Change or remove a filter." />
          ) : (
            <Empty
              title="Nothing was changed yet"
              text="Each change of a resource in this mode is kept here for a year."
            />
          ),
        }}
      >
        {() => (
          <DataTable
            label="Audit log"
            rows={entries}
            columns={COLUMNS}
            rowId={(entry) => entry.id}
            onOpen={setOpened}
            more={moreOf(query)}
          />
        )}
      </PageState>
      <Suspense>{opened && <AuditEntryPanel entry={opened} onClose={() => setOpened(null)} />}</Suspense>
    </>
  );
}

const COLUMNS: Column<AuditEntry>[] = [
  { id: "at", header: "Time", width: "132px", cell: (entry) => <Time at={entry.at} absolute /> },
  {
    id: "action",
    header: "Action",
    width: "minmax(130px, 1fr)",
    cell: (entry) => <span className="mono">{entry.action}</span>,
    sortBy: (entry) => entry.action,
  },
  {
    id: "actor",
    header: "Who",
    width: "minmax(120px, 1fr)",
    hideBelow: 480,
    cell: (entry) => (
      <span title={entry.actor.id}>
        {entry.actor.name || entry.actor.type}{" "}
        <span className={classes.muted}>{entry.actor.type.replaceAll("_", " ")}</span>
      </span>
    ),
    sortBy: (entry) => entry.actor.name,
  },
  {
    id: "target",
    header: "Resource",
    width: "150px",
    hideBelow: 640,
    cell: (entry) => <IdText id={entry.target_id} what="resource id" short />,
  },
  {
    id: "changed",
    header: "Fields",
    width: "minmax(100px, 1fr)",
    hideBelow: 820,
    cell: (entry) => (
      <span className={classes.muted} title={entry.changed.join(", ")}>
        {entry.changed.join(", ") || "–"}
      </span>
    ),
  },
  {
    id: "address",
    header: "Address",
    width: "130px",
    hideBelow: 960,
    cell: (entry) => <span className="mono">{entry.actor.address || "–"}</span>,
  },
  {
    id: "request",
    header: "Request",
    width: "140px",
    hideBelow: 1080,
    cell: (entry) => (entry.request_id ? <IdText id={entry.request_id} what="request id" short /> : "–"),
  },
];

interface FiltersProps {
  filters: AuditFilters;
  onChange: (change: AuditFilters) => void;
}

function Filters({ filters, onChange }: FiltersProps) {
  return (
    <div className={classes.filters} role="search">
      <FilterText
        label="Action"
        placeholder="api_key.created"
        value={filters.action}
        set={(action) => onChange({ action })}
        first
      />
      <FilterText
        label="Resource id"
        placeholder="Resource id"
        value={filters.target_id}
        set={(target_id) => onChange({ target_id })}
      />
      <FilterText
        label="Key id of who did it"
        placeholder="Key id of who did it"
        value={filters.actor_id}
        set={(actor_id) => onChange({ actor_id })}
      />
      <TextInput
        aria-label="After"
        leftSection="After"
        leftSectionWidth={54}
        type="datetime-local"
        value={toLocalField(filters.after)}
        onChange={(event) => onChange({ after: fromLocalField(event.currentTarget.value) })}
      />
      <TextInput
        aria-label="Before"
        leftSection="Before"
        leftSectionWidth={62}
        type="datetime-local"
        value={toLocalField(filters.before)}
        onChange={(event) => onChange({ before: fromLocalField(event.currentTarget.value) })}
      />
    </div>
  );
}

interface FilterTextProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  set: (value: string | undefined) => void;
  /** The page's search field. */
  first?: boolean;
}

/** A filter that counts when the field is left, or by Enter. */
function FilterText({ label, placeholder, value, set, first = false }: FilterTextProps) {
  return (
    <CommittedText
      data-search={first || undefined}
      aria-label={label}
      placeholder={placeholder}
      value={value ?? ""}
      onCommit={(text) => set(text || undefined)}
    />
  );
}
