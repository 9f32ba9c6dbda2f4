import { lazy } from "react";
import { useParams, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { pollIntervalMs } from "~/api/polling";
import { IdText } from "~/components/IdText";
import { JsonView } from "~/components/JsonView";
import { Page } from "~/components/Page";
import { PageState } from "~/components/PageState";
import { Status } from "~/components/Status";
import { Tabs } from "~/components/Tabs";
import { Actions } from "./Actions";
import classes from "./batches.module.css";
import { batchQuery } from "./queries";
import { isMoving, stateLabel, stateText, stateTone } from "./words";

const ProgressTab = lazy(async () => ({ default: (await import("./ProgressTab")).ProgressTab }));

const ResultsTab = lazy(async () => ({ default: (await import("./ResultsTab")).ResultsTab }));

const MOVING_EVERY_MS = 2_000;
const EVERY_MS = 10_000;

/** One batch: what it does now, what came of its rows, its JSON. */
export function BatchPage() {
  const { batchId } = useParams({ from: "/_app/batches_/$batchId" });
  const { tab } = useSearch({ from: "/_app/batches_/$batchId" });
  const query = useQuery({
    ...batchQuery(batchId),
    refetchInterval: ({ state }) =>
      pollIntervalMs(state.data && isMoving(state.data) ? MOVING_EVERY_MS : EVERY_MS),
  });
  return (
    <Page title={query.data?.name ?? "Batch"} actions={query.data && <Actions batch={query.data} />}>
      <PageState query={query}>
        {(batch) => (
          <>
            <IdText id={batch.id} what="batch id" />
            <p className={classes.note} role="status">
              <Status value={batch.status} label={stateLabel(batch)} tone={stateTone(batch)} />
              {stateText(batch)}
            </p>
            <Tabs
              label="Parts of the batch"
              tabs={[
                [undefined, "Progress"],
                ["results", "Results"],
                ["json", "JSON"],
              ]}
            />
            {tab === undefined && <ProgressTab batch={batch} />}
            {tab === "results" && <ResultsTab batch={batch} />}
            {tab === "json" && <JsonView value={batch} what="batch" />}
          </>
        )}
      </PageState>
    </Page>
  );
}
