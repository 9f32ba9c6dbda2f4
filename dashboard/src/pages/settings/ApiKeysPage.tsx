import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { lazy, Suspense, useMemo } from "react";
import { pollIntervalMs } from "~/api/polling";
import { moreOf, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import type { KeysSearch } from "./filters";
import { scopesText } from "./key-draft";
import { KeyStatus } from "./KeyStatus";
import { keysQuery, type ApiKey } from "./queries";
import classes from "./settings.module.css";

const NewKey = lazy(() => import("./NewKey"));
const KeyPanel = lazy(() => import("./KeyPanel"));
const EVERY_MS = 10_000;

/** The tenant's API keys: in test mode, test keys alone. */
export function ApiKeysPage() {
  const search = useSearch({ from: "/_app/settings/api-keys" });
  const navigate = useNavigate({ from: "/settings/api-keys" });
  const query = useInfiniteQuery({ ...keysQuery, refetchInterval: () => pollIntervalMs(EVERY_MS) });
  const keys = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const show = (next: KeysSearch) => void navigate({ search: next });
  return (
    <>
      <div className={classes.bar}>
        <p>A key acts for your backend: send it as Authorization: Bearer, or as x-api-key.</p>
        <ScopedButton
          scope="api-keys:write"
          leftSection={<Plus size={15} />}
          onClick={() => show({ new: true })}
        >
          Create API key
        </ScopedButton>
      </div>
      <PageState
        query={query}
        empty={{ when: ({ pages }) => pages.every((page) => page.data.length === 0), show: <NoKeys /> }}
      >
        {() => (
          <DataTable
            label="API keys"
            rows={keys}
            columns={COLUMNS}
            rowId={(key) => key.id}
            onOpen={(key) => show({ key: key.id })}
            more={moreOf(query)}
          />
        )}
      </PageState>
      <Suspense>
        {search.new && <NewKey onClose={() => show({})} />}
        {search.key && <KeyPanel id={search.key} onClose={() => show({})} />}
      </Suspense>
    </>
  );
}

const COLUMNS: Column<ApiKey>[] = [
  {
    id: "name",
    header: "Name",
    width: "minmax(110px, 1.2fr)",
    cell: (key) => <span title={key.name}>{key.name}</span>,
    sortBy: (key) => key.name.toLowerCase(),
  },
  {
    id: "status",
    header: "Status",
    width: "104px",
    cell: (key) => <KeyStatus status={key.status} />,
    sortBy: (key) => key.status,
  },
  {
    id: "environment",
    header: "Mode",
    width: "84px",
    cell: (key) => <Status value={key.environment} tone={key.livemode ? "info" : "warn"} />,
    sortBy: (key) => key.environment,
  },
  {
    id: "hint",
    header: "Key",
    width: "150px",
    hideBelow: 720,
    cell: (key) => <span className="mono">{key.hint}</span>,
  },
  {
    id: "scopes",
    header: "Scopes",
    width: "minmax(140px, 1.6fr)",
    hideBelow: 860,
    cell: (key) => (
      <span className={classes.muted} title={key.scopes.join(", ")}>
        {scopesText(key.scopes)}
      </span>
    ),
  },
  {
    id: "id",
    header: "Id",
    width: "140px",
    hideBelow: 1040,
    cell: (key) => <IdText id={key.id} what="key id" short />,
  },
  {
    id: "expires",
    header: "Expires",
    width: "104px",
    align: "end",
    hideBelow: 640,
    cell: (key) => <Time at={key.expires_at} />,
    sortBy: (key) => key.expires_at,
  },
  {
    id: "used",
    header: "Last used",
    width: "104px",
    align: "end",
    hideBelow: 460,
    cell: (key) => <Time at={key.last_used_at} />,
    sortBy: (key) => key.last_used_at,
  },
];

function NoKeys() {
  return <Empty title="No API keys in this mode" text="Create the first one: it is shown only once." />;
}
