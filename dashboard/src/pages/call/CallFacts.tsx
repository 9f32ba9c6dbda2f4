import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { CopyButton } from "~/components/CopyButton";
import { Time } from "~/components/Time";
import { durationText } from "~/lib/time";
import classes from "./CallFacts.module.css";
import type { CallView } from "./timeline";

/** Who, when and how long, at a glance. */
export function CallFacts({ call }: { call: CallView }) {
  const facts: [string, ReactNode][] = [
    ["To", <Number key="to" number={call.phone_number} />],
    ["From", <Number key="from" number={call.caller_id} />],
    ["User", call.user_id],
    ["Agent", call.data.agent.name],
    ["Workflow", call.workflow_slug === null ? null : `${call.workflow_slug} v${call.workflow_version ?? 1}`],
    ["Accepted", <Time key="at" at={call.created_at} absolute />],
    ["Waited", seconds(call.metrics.wait_time_seconds)],
    ["Rang", seconds(call.metrics.ring_time_seconds)],
    ["Talked", seconds(call.duration_seconds)],
    ["Attempts", call.metrics.attempt_count > 1 ? call.metrics.attempt_count : null],
    ["SIP code", call.sip_status_code],
    ["Priority", call.channel === "phone" ? call.priority : null],
  ];
  const batch = call.batch;
  return (
    <dl className={classes.facts}>
      {facts.map(
        ([name, value]) => isShown(name, value, call) && <Fact key={name} name={name} value={value} />,
      )}
      {batch && <Fact name="Batch row" value={batch.row_id ?? batch.row} />}
      {call.phone_number && (
        <Fact
          name="History"
          value={
            <Link to="/calls" search={{ phone_number: call.phone_number }} className={classes.link}>
              Calls to this number
            </Link>
          }
        />
      )}
      {metadataOf(call).map(([name, value]) => (
        <Fact
          key={`metadata ${name}`}
          name={<span className="mono">{name}</span>}
          value={<span title={value}>{value}</span>}
        />
      ))}
    </dl>
  );
}

const MOST_METADATA = 6;

/** The first of the caller's metadata, bounded: the tab JSON has all of it. */
function metadataOf(call: CallView): [string, string][] {
  return Object.entries(call.metadata)
    .slice(0, MOST_METADATA)
    .map(([name, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return [name.slice(0, 40), text.slice(0, 120)];
    });
}

function isShown(name: string, value: ReactNode, call: CallView): boolean {
  if (name === "To") return call.phone_number !== null && call.phone_number !== "";
  if (name === "From") return call.caller_id !== null && call.caller_id !== "";
  return value !== null && value !== undefined;
}

function Fact({ name, value }: { name: ReactNode; value: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Number({ number }: { number: string | null }) {
  if (!number) return null;
  return (
    <span className={classes.number}>
      <span className="tabular">{number}</span>
      <CopyButton text={number} what="number" />
    </span>
  );
}

function seconds(value: number | null): string | null {
  return value === null ? null : durationText(value);
}
