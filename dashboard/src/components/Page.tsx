import { Suspense, type ReactNode } from "react";
import { Skeleton } from "./PageState";
import classes from "./Page.module.css";

interface PageProps {
  /** The heading, and the title of the tab. */
  title: string;
  /** One sentence on what is here. */
  text?: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of a page's content: heading, actions, content. */
export function Page({ title, text, actions, children }: PageProps) {
  return (
    <div className={classes.page}>
      <title>{`${title} · Trunkline`}</title>
      <header className={classes.header}>
        <div>
          <h1 className={classes.title}>{title}</h1>
          {text && <p className={classes.text}>{text}</p>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      <Suspense fallback={<Skeleton />}>{children}</Suspense>
    </div>
  );
}
