import { Link } from "@tanstack/react-router";
import classes from "./TabLinks.module.css";

/** The values of `tab` of the pages that use this: each route has some of them. */
export type TabName = "versions" | "json" | "try" | "secrets" | "results" | "settings";

interface TabsProps {
  /** What the tabs are parts of: "Parts of the agent". */
  label: string;
  /** Their value in the URL, `undefined` for the first, and their text. */
  tabs: [TabName | undefined, string][];
}

/** Links to the parts of this page; the part is `tab` in the URL. */
export function Tabs({ label, tabs }: TabsProps) {
  return (
    <nav className={classes.tabs} aria-label={label}>
      {tabs.map(([tab, text]) => (
        <Link
          key={text}
          to="."
          search={(before) => ({ ...before, tab })}
          className={classes.tab}
          activeOptions={{ explicitUndefined: true }}
        >
          {text}
        </Link>
      ))}
    </nav>
  );
}
