import { Time } from "~/components/Time";
import classes from "./schedules.module.css";

interface NextRunsProps {
  runs: string[] | undefined;
  /** The schedule's own zone: shown beside the viewer's time. */
  zone?: string | undefined;
  /** Why there is no preview. */
  problem?: string | undefined;
}

/** The next runs, in the viewer's zone and in the schedule's. */
export function NextRuns({ runs, zone, problem }: NextRunsProps) {
  return (
    <section aria-label="Next runs" className={classes.preview} aria-live="polite">
      <strong>Next runs</strong>
      {problem && <p className={classes.muted}>{problem}</p>}
      {!problem && runs?.length === 0 && <p className={classes.muted}>None, while it is paused or over.</p>}
      {!problem && (
        <ol className={classes.runs}>
          {runs?.map((at) => (
            <li key={at}>
              <Time at={at} absolute />
              {zone && <span className={classes.muted}>{` ${inZone(at, zone)}`}</span>}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** "Mon 09:00 in Asia/Tokyo"; nothing for a zone that the browser does not know. */
function inZone(at: string, zone: string): string {
  try {
    const format = new Intl.DateTimeFormat("en-GB", {
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      timeZone: zone,
    });
    return `${format.format(new Date(at))} in ${zone}`;
  } catch {
    return "";
  }
}
