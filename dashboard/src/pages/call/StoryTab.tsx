import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { useReasonTexts } from "~/api/reference";
import { Time } from "~/components/Time";
import { durationText } from "~/lib/time";
import { bounded, storyOf, type StoryEntry } from "./story";
import tones from "~/theme/tones.module.css";
import classes from "./StoryTab.module.css";
import { TimeAxis } from "./TimeAxis";
import type { CallView, TimelineEntry } from "./timeline";
import { useDeliveries, useHosts } from "./use-deliveries";
import { verdictOf } from "./now";

const SHOWN_AT_ONCE = 100;

/** What happened, on an axis and as sentences. */
export function StoryTab({ call, entries }: { call: CallView; entries: TimelineEntry[] }) {
  const { query, isAllowed } = useDeliveries(call);
  const reasons = useReasonTexts();
  const hostOf = useHosts();
  const [most, setMost] = useState(SHOWN_AT_ONCE);
  const deliveries = useMemo(() => query.data ?? [], [query.data]);
  const story = storyOf(call, entries, deliveries, { reasons, hostOf });
  const { shown, left } = bounded(story, most);
  return (
    <>
      <TimeAxis call={call} entries={entries} deliveries={deliveries} />
      <ol className={classes.list} aria-label="Steps of the call">
        {shown.map((entry) => (
          <Entry key={entry.id} entry={entry} startMs={entries[0]?.atMs ?? entry.atMs} />
        ))}
        {call.ended_at === null && left === 0 && <Now call={call} />}
      </ol>
      {left > 0 && (
        <Button variant="default" size="compact-sm" onClick={() => setMost(most + SHOWN_AT_ONCE)}>
          {`Show more: ${left.toLocaleString("en")} steps left`}
        </Button>
      )}
      {!isAllowed && (
        <p className={classes.hint}>
          Webhook deliveries are not shown: your key lacks the scope webhooks:read.
        </p>
      )}
    </>
  );
}

function Entry({ entry, startMs }: { entry: StoryEntry; startMs: number }) {
  const offset = Math.max(0, entry.atMs - startMs) / 1000;
  return (
    <li className={`${classes.entry} ${tones[entry.tone]}`}>
      <span className={classes.time}>
        <Time at={entry.at} absolute />
        <span className={classes.offset}>+{durationText(Math.round(offset * 10) / 10)}</span>
      </span>
      <span aria-hidden className={`${classes.dot} ${entry.kind === "call" ? "" : classes.small}`} />
      <div className={classes.what}>
        <p className={classes.title}>{entry.title}</p>
        {entry.text && <p className={classes.text}>{entry.text}</p>}
        {entry.until && (
          <p className={classes.text}>
            Next <Time at={entry.until} absolute />.
          </p>
        )}
      </div>
    </li>
  );
}

/** The last line of a call that goes on: what it waits for. */
function Now({ call }: { call: CallView }) {
  const verdict = verdictOf(call);
  return (
    <li className={`${classes.entry} ${tones[verdict.tone]}`}>
      <span className={classes.time}>now</span>
      <span aria-hidden className={`${classes.dot} ${classes.pulse}`} />
      <div className={classes.what}>
        <p className={classes.title}>{verdict.text}</p>
        {verdict.more && <p className={classes.text}>{verdict.more}</p>}
      </div>
    </li>
  );
}
