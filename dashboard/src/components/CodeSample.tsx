import { useId, useState } from "react";
import { excerpt } from "~/lib/excerpt";
import classes from "./CodeSample.module.css";
import { CopyButton } from "./CopyButton";

const SHOWN_AT_MOST = 20_000;

interface Sample {
  /** The language or tool: "curl". */
  label: string;
  code: string;
}

/** Code to copy, in one language or in several with tabs. */
export function CodeSample({ samples }: { samples: Sample[] }) {
  const [at, setAt] = useState(0);
  const id = useId();
  const sample = samples[at] ?? samples[0];
  if (!sample) return null;
  const part = excerpt(sample.code, SHOWN_AT_MOST);
  return (
    <div className={classes.box}>
      <div className={classes.bar}>
        <div className={classes.tabs} role="tablist" aria-label="Language">
          {samples.map((each, index) => (
            <button
              key={each.label}
              type="button"
              role="tab"
              id={`${id}-${index}`}
              aria-selected={index === at}
              aria-controls={`${id}-panel`}
              className={classes.tab}
              onClick={() => setAt(index)}
            >
              {each.label}
            </button>
          ))}
        </div>
        <CopyButton text={sample.code} what={`${sample.label} code`} />
      </div>
      <pre
        className={classes.code}
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${at}`}
        tabIndex={0}
      >
        <code>{part.text}</code>
        {part.left > 0 && `\n… ${part.left.toLocaleString("en")} more characters: the copy has them all`}
      </pre>
    </div>
  );
}
