import { Tabs } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { useCallLive, type Call } from "~/api/call-live";
import { IdText } from "~/components/IdText";
import { Page } from "~/components/Page";
import { Erased, PageState, Skeleton } from "~/components/PageState";
import { Status } from "~/components/Status";
import { CallActions } from "./CallActions";
import classes from "./CallPage.module.css";
import { CallFacts } from "./CallFacts";
import { JsonTab } from "./JsonTab";
import { StoryTab } from "./StoryTab";
import { TABS, type CallTab } from "./tabs";
import { readTimeline, shownStatus } from "./timeline";
import { VerdictCard } from "./VerdictCard";

const TranscriptTab = lazy(() => import("./TranscriptTab"));
const ToolsTab = lazy(() => import("./ToolsTab"));
const DeliveriesTab = lazy(() => import("./DeliveriesTab"));

/** One call: what became of it and why, step by step, live until it ends. */
export function CallPage() {
  const { id } = useParams({ from: "/_app/calls_/$id" });
  const query = useCallLive(id);
  const call = query.data;
  return (
    <Page
      title={call ? calleeOf(call) : "Call"}
      actions={call && <CallActions call={call} onChanged={() => void query.refetch()} />}
    >
      <PageState query={query} skeletonRows={12}>
        {(read) => <CallContent call={read} />}
      </PageState>
    </Page>
  );
}

/** Who is called, for the heading. */
function calleeOf(call: Call): string {
  if (call.erased_at !== null) return "Erased call";
  return call.phone_number ?? call.user_id ?? "Web call";
}

function CallContent({ call }: { call: Call }) {
  return (
    <>
      <div className={classes.identity}>
        <Status value={shownStatus(call)} />
        <span className={classes.kind}>
          {call.channel === "web" ? "Web call" : "Phone call"}
          {!call.livemode && ", test mode"}
        </span>
        <IdText id={call.call_id} what="call id" />
      </div>
      <VerdictCard call={call} />
      <CallFacts call={call} />
      <CallTabs call={call} />
    </>
  );
}

function CallTabs({ call }: { call: Call }) {
  const { tab = "story" } = useSearch({ from: "/_app/calls_/$id" });
  const navigate = useNavigate({ from: "/calls/$id" });
  const entries = useMemo(() => readTimeline(call.timeline), [call.timeline]);
  const tools = entries.filter(({ type }) => type === "tool_invoked").length;
  const choose = (value: string | null) => {
    const chosen = TABS.find((each) => each === value) ?? "story";
    void navigate({ search: { tab: chosen === "story" ? undefined : chosen } });
  };
  const counts: Partial<Record<CallTab, number>> = { transcript: call.metrics.message_count, tools };
  return (
    <Tabs value={tab} onChange={choose} keepMounted={false} className={classes.tabs}>
      <Tabs.List className={classes.list}>
        {TABS.map((each) => (
          <Tabs.Tab key={each} value={each} className={classes.tab}>
            {LABELS[each]}
            {counts[each] ? <span className={classes.count}>{counts[each].toLocaleString("en")}</span> : null}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Suspense fallback={<Skeleton rows={5} />}>
        <Tabs.Panel value="story" className={classes.panel}>
          <StoryTab call={call} entries={entries} />
        </Tabs.Panel>
        <Tabs.Panel value="transcript" className={classes.panel}>
          {call.erased_at === null ? <TranscriptTab call={call} /> : <Erased at={call.erased_at} />}
        </Tabs.Panel>
        <Tabs.Panel value="tools" className={classes.panel}>
          <ToolsTab call={call} />
        </Tabs.Panel>
        <Tabs.Panel value="deliveries" className={classes.panel}>
          <DeliveriesTab call={call} />
        </Tabs.Panel>
        <Tabs.Panel value="json" className={classes.panel}>
          <JsonTab call={call} />
        </Tabs.Panel>
      </Suspense>
    </Tabs>
  );
}

const LABELS: Record<CallTab, string> = {
  story: "Story",
  transcript: "Transcript",
  tools: "Tools",
  deliveries: "Deliveries",
  json: "JSON",
};
