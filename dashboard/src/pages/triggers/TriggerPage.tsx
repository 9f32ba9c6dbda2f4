import { Button } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useLive } from "~/api/live";
import { CodeSample } from "~/components/CodeSample";
import { CopyButton } from "~/components/CopyButton";
import { IdText } from "~/components/IdText";
import { NeedsRight } from "~/components/NeedsRight";
import { Page } from "~/components/Page";
import { PageState, Skeleton } from "~/components/PageState";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { triggerQuery, type Trigger } from "./queries";
import { TriggerActions } from "./TriggerActions";
import { TriggerEvents } from "./TriggerEvents";
import classes from "./Triggers.module.css";
import { sendCommand } from "./words";

const TriggerForm = lazy(async () => ({ default: (await import("./TriggerForm")).TriggerForm }));

const EVERY_MS = 10_000;

/** One trigger: its URL, what came of its events, and its fields. */
export function TriggerPage() {
  const { triggerId } = useParams({ from: "/_app/triggers/$triggerId" });
  return (
    <NeedsRight scope="triggers:read">
      <TriggerDetails key={triggerId} triggerId={triggerId} />
    </NeedsRight>
  );
}

function TriggerDetails({ triggerId }: { triggerId: string }) {
  const query = useLive({ ...triggerQuery(triggerId), everyMs: EVERY_MS });
  const trigger = query.data;
  return (
    <Page
      title={trigger?.name ?? "Trigger"}
      {...(trigger?.description ? { text: trigger.description } : {})}
      actions={
        <Button variant="default" renderRoot={(props) => <Link to="/triggers" {...props} />}>
          All triggers
        </Button>
      }
    >
      <PageState query={query}>
        {(found) => (
          <div className={classes.stack}>
            <Address trigger={found} />
            <TriggerEvents triggerId={found.id} />
            <Panel title="Fields" text={`Version ${found.version}. A change takes effect at the next event.`}>
              <Suspense fallback={<Skeleton />}>
                <TriggerForm trigger={found} />
              </Suspense>
            </Panel>
          </div>
        )}
      </PageState>
    </Page>
  );
}

/** Where events are sent, and how. */
function Address({ trigger }: { trigger: Trigger }) {
  return (
    <Panel
      title={<Status value={trigger.enabled ? "enabled" : "disabled"} />}
      text={
        trigger.enabled ? "Each event starts a call." : "Events are rejected with 401 until it is enabled."
      }
      actions={<TriggerActions trigger={trigger} />}
    >
      <div className={classes.url}>
        <code>{trigger.url}</code>
        <CopyButton text={trigger.url} what="URL" />
      </div>
      <CodeSample samples={[{ label: "curl", code: sendCommand(trigger) }]} />
      <div className={classes.id}>
        <IdText id={trigger.id} what="trigger id" />
      </div>
    </Panel>
  );
}
