import { Link, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { NeedsRight } from "~/components/NeedsRight";
import { Page } from "~/components/Page";
import { Skeleton } from "~/components/PageState";
import tabs from "~/components/TabLinks.module.css";
import type { RulesSearch } from "./filters";
import { SuppressionList } from "./SuppressionList";

const NumberRulesPanel = lazy(() => import("./NumberRulesPanel"));

/** Which numbers may be called, and how often. */
export function RulesPage() {
  const { tab = "suppressions" } = useSearch({ from: "/_app/rules" });
  return (
    <Page
      title="Rules"
      text="Which numbers you may call, and how often. Live and test mode have rules of their own."
    >
      <NeedsRight scope="rules:read">
        <nav aria-label="Rules" className={tabs.tabs}>
          <TabLink tab={undefined} label="Suppression list" />
          <TabLink tab="numbers" label="Prefixes and caps" />
        </nav>
        {tab === "numbers" ? (
          <Suspense fallback={<Skeleton />}>
            <NumberRulesPanel />
          </Suspense>
        ) : (
          <SuppressionList />
        )}
      </NeedsRight>
    </Page>
  );
}

function TabLink({ tab, label }: { tab: RulesSearch["tab"]; label: string }) {
  return (
    <Link to="/rules" search={{ tab }} className={tabs.tab} activeOptions={{ explicitUndefined: true }}>
      {label}
    </Link>
  );
}
