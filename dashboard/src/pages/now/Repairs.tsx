import { Anchor, Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { pollIntervalMs } from "~/api/polling";
import { NeedsRight } from "~/components/NeedsRight";
import { PageState } from "~/components/PageState";
import { Panel } from "~/components/Panel";
import { Time } from "~/components/Time";
import classes from "./Now.module.css";
import { repairsQuery } from "./queries";

const EVERY_MS = 15_000;

/** What the reconciler repaired, newest first. */
export function Repairs() {
  return (
    <Panel title="Repairs" text="What the reconciler put right in the last 30 days. It looks each minute.">
      <NeedsRight scope="calls:read">
        <RepairList />
      </NeedsRight>
    </Panel>
  );
}

function RepairList() {
  const query = useInfiniteQuery({
    ...repairsQuery,
    // Pages that a person has loaded stay as they are.
    refetchInterval: ({ state }) =>
      state.data && state.data.pages.length > 1 ? false : pollIntervalMs(EVERY_MS),
  });
  return (
    <PageState
      query={query}
      skeletonRows={3}
      empty={{
        when: ({ pages }) => pages.every((page) => page.data.length === 0),
        show: <p className={classes.nothing}>Nothing had to be repaired.</p>,
      }}
    >
      {({ pages }) => (
        <>
          <ul className={classes.repairs}>
            {pages
              .flatMap((page) => page.data)
              .map((repair) => (
                <li key={`${repair.at} ${repair.call_id} ${repair.repair}`} className={classes.repair}>
                  <Time at={repair.at} />
                  <span>{repair.text ?? repair.repair.replaceAll("_", " ")}</span>
                  <Anchor
                    size="sm"
                    className="mono"
                    renderRoot={(props) => (
                      <Link to="/calls/$id" params={{ id: repair.call_id }} {...props} />
                    )}
                  >
                    {repair.call_id.slice(0, 8)}
                  </Anchor>
                </li>
              ))}
          </ul>
          {query.hasNextPage && (
            <Button
              variant="default"
              size="compact-sm"
              mt="xs"
              loading={query.isFetchingNextPage}
              onClick={() => void query.fetchNextPage()}
            >
              Show more
            </Button>
          )}
        </>
      )}
    </PageState>
  );
}
