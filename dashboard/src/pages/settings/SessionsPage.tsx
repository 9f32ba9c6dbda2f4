import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { api, body } from "~/api/client";
import { pollIntervalMs } from "~/api/polling";
import { useSession } from "~/api/use-session";
import { moreOf, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Empty, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { sessionsQuery, type OpenSession } from "./queries";
import classes from "./settings.module.css";

const ConfirmDialog = lazy(() =>
  import("~/components/ConfirmDialog").then((module) => ({ default: module.ConfirmDialog })),
);
const EVERY_MS = 10_000;

/** Who is signed in, from where and until when. */
export function SessionsPage() {
  const queryClient = useQueryClient();
  const { mode } = useSession();
  const query = useInfiniteQuery({ ...sessionsQuery, refetchInterval: () => pollIntervalMs(EVERY_MS) });
  const [asked, setAsked] = useState<OpenSession | null>(null);
  const [asksAll, setAsksAll] = useState(false);
  const sessions = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const columns = useMemo(() => columnsOf(setAsked), []);
  const end = async () => {
    if (!asked) return;
    await body(api.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id: asked.id } } }));
    // Of one's own, the next read finds no session, and leads to the sign-in.
    await queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  };
  const endOthers = async () => {
    let isMore = true;
    while (isMore) isMore = (await body(api.DELETE("/api/v1/sessions"))).more;
    await queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  };
  return (
    <>
      <div className={classes.bar}>
        <p>
          A session ends after twelve hours, with its key, by signing out, or here. In test mode, you see
          those of test keys.
        </p>
        <ScopedButton
          scope="api-keys:write"
          variant="default"
          blocked={sessions.some(({ current }) => !current) ? undefined : "There is no other session."}
          onClick={() => setAsksAll(true)}
        >
          End all other sessions
        </ScopedButton>
      </div>
      <PageState
        query={query}
        empty={{
          when: ({ pages }) => !query.hasNextPage && pages.every((page) => page.data.length === 0),
          show: <Empty title="No sessions in this mode" text="Nobody is signed in with a test key." />,
        }}
      >
        {() => (
          <DataTable
            label="Sessions"
            rows={sessions}
            columns={columns}
            rowId={(session) => session.id}
            more={moreOf(query)}
          />
        )}
      </PageState>
      <Suspense>
        {asksAll && (
          <ConfirmDialog
            opened
            onClose={() => setAsksAll(false)}
            title="End all other sessions?"
            confirm="End all others"
            danger
            onConfirm={endOthers}
          >
            {mode === "test"
              ? "Everybody who is signed in with a test key is signed out, but you. The keys stay valid."
              : "Everybody who is signed in, with whatever key, is signed out, but you. The keys stay valid."}
          </ConfirmDialog>
        )}
        {asked && (
          <ConfirmDialog
            opened
            onClose={() => setAsked(null)}
            title={asked.current ? "End your own session?" : `End the session of “${asked.name}”?`}
            confirm="End session"
            danger
            onConfirm={end}
          >
            {asked.current
              ? "You are signed out here, at once."
              : "Its next request is refused, and the person must sign in again. The key stays valid: revoke it to keep the person out."}
          </ConfirmDialog>
        )}
      </Suspense>
    </>
  );
}

function columnsOf(ask: (session: OpenSession) => void): Column<OpenSession>[] {
  return [
    {
      id: "name",
      header: "Key or person",
      width: "minmax(120px, 1.2fr)",
      cell: (session) => (
        <span title={session.name}>
          {session.name} {session.current && <Status value="you" tone="info" />}
        </span>
      ),
      sortBy: (session) => session.name.toLowerCase(),
    },
    {
      id: "mode",
      header: "Mode",
      width: "84px",
      hideBelow: 700,
      cell: (session) => (
        <Status value={session.livemode ? "live" : "test"} tone={session.livemode ? "info" : "warn"} />
      ),
    },
    {
      id: "actor",
      header: "Id",
      width: "150px",
      hideBelow: 860,
      cell: (session) => <IdText id={session.actor_id} what="id" short />,
    },
    {
      id: "address",
      header: "Address",
      width: "150px",
      hideBelow: 560,
      cell: (session) => <span className="mono">{session.address}</span>,
      sortBy: (session) => session.address,
    },
    {
      id: "opened",
      header: "Signed in",
      width: "108px",
      align: "end",
      hideBelow: 440,
      cell: (session) => <Time at={session.opened_at} />,
      sortBy: (session) => session.opened_at,
    },
    {
      id: "expires",
      header: "Ends",
      width: "104px",
      align: "end",
      hideBelow: 640,
      cell: (session) => <Time at={session.expires_at} />,
      sortBy: (session) => session.expires_at,
    },
    {
      id: "end",
      header: "",
      width: "84px",
      align: "end",
      cell: (session) => (
        <ScopedButton
          scope="api-keys:write"
          variant="default"
          size="compact-xs"
          aria-label={`End the session of ${session.name}`}
          onClick={() => ask(session)}
        >
          End
        </ScopedButton>
      ),
    },
  ];
}
