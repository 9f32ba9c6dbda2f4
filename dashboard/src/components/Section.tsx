import type { ReactNode } from "react";
import { Panel } from "./Panel";
import classes from "./Section.module.css";

interface SectionProps {
  title: string;
  text?: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** A panel of a page whose parts stand below each other. */
export function Section(props: SectionProps) {
  return (
    <div className={classes.section}>
      <Panel {...props} />
    </div>
  );
}

/** Fields beside each other where there is room. */
export function Fields({ children }: { children: ReactNode }) {
  return <div className={classes.fields}>{children}</div>;
}
