import { Link, useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import { sectionsOf } from "./navigation";
import classes from "./Shell.module.css";

/** The list of pages. */
export function Navigation({ onNavigate }: { onNavigate: () => void }) {
  const { routesByPath } = useRouter();
  const sections = useMemo(() => sectionsOf(new Set(Object.keys(routesByPath))), [routesByPath]);
  return (
    <nav aria-label="Pages" className={classes.links}>
      {sections.map((section) => (
        <div key={section.label}>
          <h2 className={classes.section}>{section.label}</h2>
          <ul className={classes.list}>
            {section.pages.map((page) => (
              <li key={page.to}>
                <Link
                  to={page.to}
                  className={classes.link}

                  onClick={onNavigate}
                >
                  <page.icon size={16} aria-hidden />
                  {page.label}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
