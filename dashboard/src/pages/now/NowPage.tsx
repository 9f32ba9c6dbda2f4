import { useNavigate, useSearch } from "@tanstack/react-router";
import { NeedsRight } from "~/components/NeedsRight";
import { Page } from "~/components/Page";
import { PageState } from "~/components/PageState";
import { NoTrunks } from "../trunks/NoTrunks";
import { useActivity } from "../trunks/queries";
import { FailurePanel } from "./FailureReasons";
import { HourPanel } from "./HourPanel";
import classes from "./Now.module.css";
import { Repairs } from "./Repairs";
import { TrunkStrip } from "./TrunkStrip";

/** Up to so many trunks, those without anything to do have their chart, too. */
const FEW = 3;

/** What happens now: a strip for each trunk, the outcomes of the hour, repairs. */
export function NowPage() {
  const { minutes } = useSearch({ from: "/_app/now" });
  const navigate = useNavigate({ from: "/now" });
  return (
    <Page
      title="Now"
      text="What is dialled, what waits and until when, and what became of the last hour's calls."
    >
      <div className={classes.stack}>
        <NeedsRight scope="trunks:read">
          <Trunks />
        </NeedsRight>
        <div className={classes.halves}>
          <HourPanel
            minutes={minutes}
            onChange={(chosen) => void navigate({ search: { minutes: chosen === 60 ? undefined : chosen } })}
          />
          <FailurePanel minutes={minutes} />
        </div>
        <Repairs />
      </div>
    </Page>
  );
}

function Trunks() {
  const query = useActivity();
  return (
    <PageState
      query={query}
      skeletonRows={6}
      empty={{ when: ({ data }) => data.length === 0, show: <NoTrunks /> }}
    >
      {({ data }) =>
        data.map((activity) => (
          <TrunkStrip key={activity.id} activity={activity} canFold={data.length > FEW} />
        ))
      }
    </PageState>
  );
}
