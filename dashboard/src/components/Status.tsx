import { isMoving, toneOf, type Tone } from "~/theme/tones";
import tones from "~/theme/tones.module.css";
import classes from "./Status.module.css";

interface StatusProps {
  /** As the API has it: `completed`. */
  value: string;
  /** Another text than the status itself. */
  label?: string;
  /** Another tone than the status has by itself. */
  tone?: Tone;
}

/** A status with its tone; the dot pulses while something happens. */
export function Status({ value, label, tone }: StatusProps) {
  return (
    <span data-status={value} className={`${classes.badge} ${tones[tone ?? toneOf(value)]}`}>
      <span aria-hidden className={`${classes.dot} ${isMoving(value) ? classes.moving : ""}`} />
      {label ?? value.replaceAll("_", " ")}
    </span>
  );
}
