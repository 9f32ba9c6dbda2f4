import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "~/api/client";
import { IdText } from "~/components/IdText";
import { JsonView } from "~/components/JsonView";
import { Empty, PageState } from "~/components/PageState";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import classes from "./Cards.module.css";
import { toolsQuery } from "./queries";
import { bounded } from "./story";
import { textIn, type CallView } from "./timeline";

type Invocation = Schemas["CallEventView"];

const SHOWN_AT_ONCE = 50;

/** The tools that the agent used, with what went in and came out. */
export default function ToolsTab({ call }: { call: CallView }) {
  const query = useQuery(toolsQuery(call.call_id, call.last_event));
  const [most, setMost] = useState(SHOWN_AT_ONCE);
  return (
    <PageState
      query={query}
      skeletonRows={5}
      empty={{ when: (found) => found.length === 0, show: <NoTools call={call} /> }}
    >
      {(found) => {
        const { shown, left } = bounded(found, most);
        return (
          <div className={classes.cards}>
            {shown.map((invocation) => (
              <InvocationCard key={invocation.id} invocation={invocation} />
            ))}
            {left > 0 && (
              <Button variant="default" size="compact-sm" onClick={() => setMost(most + SHOWN_AT_ONCE)}>
                {`Show more: ${left.toLocaleString("en")} left`}
              </Button>
            )}
          </div>
        );
      }}
    </PageState>
  );
}

function NoTools({ call }: { call: CallView }) {
  const text =
    call.ended_at === null ? "Each use of a tool appears here." : "The agent used no tool in this call.";
  return <Empty title="No tool was used" text={text} />;
}

function InvocationCard({ invocation: { at, data } }: { invocation: Invocation }) {
  const [isOpen, setOpen] = useState(false);
  const failure = textIn(data, "message") ?? textIn(data, "error");
  const id = textIn(data, "invocation_id");
  const bodies = ["params", "result", "answer"].filter(
    (name) => data[name] !== undefined && data[name] !== null,
  );
  return (
    <section className={classes.card}>
      <header className={classes.head}>
        <Status value={failure ? "failed" : "succeeded"} tone={failure ? "bad" : "good"} />
        <h2 className={classes.title}>{textIn(data, "tool") ?? "tool"}</h2>
        <span className={classes.dim}>
          {typeof data.version === "number" && `v${data.version} · `}
          {typeof data.latency_ms === "number" && `${data.latency_ms} ms · `}
          <Time at={at} absolute />
        </span>
        {id && <IdText id={id} what="invocation id" short />}
      </header>
      {failure && <p className={classes.text}>{failure}</p>}
      {bodies.length === 0 ? (
        <p className={classes.dim}>Parameters and result are not recorded: the tool has record_bodies off.</p>
      ) : (
        <Button variant="subtle" size="compact-xs" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Hide parameters and result" : "Show parameters and result"}
        </Button>
      )}
      {isOpen &&
        bodies.map((name) => (
          <div key={name}>
            <h3 className={classes.small}>{name}</h3>
            <JsonView value={data[name]} what={name} />
          </div>
        ))}
    </section>
  );
}
