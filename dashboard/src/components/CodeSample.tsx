import { useId, useState } from "react";
import classes from "./CodeSample.module.css";
import { CopyButton } from "./CopyButton";

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
        <code>{sample.code}</code>
      </pre>
    </div>
  );
}
