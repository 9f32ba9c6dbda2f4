import { Progress } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { referenceQuery } from "~/api/reference";
import { Facts } from "~/components/Facts";
import { Section } from "~/components/Section";
import { Time } from "~/components/Time";
import { durationText } from "~/lib/time";
import classes from "./batches.module.css";
import type { Batch } from "./queries";
import { UploadRows } from "./UploadRows";

const number = (value: number | null) => (value === null ? "–" : value.toLocaleString("en"));

const HAS_CALLS = ["importing", "running", "completed", "cancelling", "cancelled"];

/** How far a batch is, what its dry run says, and what came of its calls. */
export function ProgressTab({ batch }: { batch: Batch }) {
  const { progress } = batch;
  if (batch.status === "awaiting_upload") return <UploadRows batch={batch} />;
  return (
    <>
      <div className={classes.pair}>
        <Section title="Rows">
          <Facts
            facts={[
              ["Rows", number(progress.rows)],
              ["Calls", number(progress.accepted)],
              ["Refused", number(progress.refused)],
              ["Still to import", number(progress.waiting)],
              ["Calls that ended", number(progress.ended)],
              ["Last call begins", <Time key="eta" at={batch.eta} />],
              ["No phone rings before", <Time key="from" at={batch.starts_at} absolute />],
              ["No attempt after", <Time key="until" at={batch.ends_at} absolute />],
            ]}
          />
          {HAS_CALLS.includes(batch.status) && progress.accepted > 0 && (
            <Progress
              mt="md"
              aria-label="Calls that ended"
              value={(100 * progress.ended) / progress.accepted}
            />
          )}
        </Section>
        <Forecast batch={batch} />
      </div>
      <Counts
        title="Refused rows"
        text="Good rows are called all the same."
        counts={progress.refusals.map(({ type, rows }) => [type, rows])}
      />
      <Counts title="Outcomes" counts={Object.entries(progress.outcomes)} />
      <Counts title="Why calls ended" counts={progress.reasons.map(({ reason, calls }) => [reason, calls])} />
    </>
  );
}

function Forecast({ batch }: { batch: Batch }) {
  const { forecast } = batch;
  if (!forecast) return null;
  const begins = Date.parse(forecast.starts_at);
  const seconds = forecast.finish_at ? (Date.parse(forecast.finish_at) - begins) / 1000 : null;
  return (
    <Section
      title="Forecast"
      text="With the trunk's pace, its concurrent calls, the callees' windows and what waits already; one attempt a number."
    >
      <Facts
        facts={[
          ["Calls", number(forecast.calls)],
          ["First call", <Time key="first" at={forecast.starts_at} absolute />],
          ["Last call begins", <Time key="last" at={forecast.finish_at} absolute />],
          ["Takes", seconds === null ? "Not before it ends" : durationText(Math.max(0, seconds))],
        ]}
      />
    </Section>
  );
}

interface CountsProps {
  title: string;
  text?: string;
  counts: [string, number][];
}

/** Words of the API with their counts, and what each means. */
function Counts({ title, text, counts }: CountsProps) {
  const { data } = useQuery(referenceQuery);
  if (counts.length === 0) return null;
  return (
    <Section title={title} {...(text ? { text } : {})}>
      <ul className={classes.counts}>
        {counts.map(([word, count]) => (
          <li key={word} className={classes.count} title={data?.reasons[word]}>
            <span>{word.replaceAll("_", " ")}</span>
            <span className="tabular">{number(count)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
