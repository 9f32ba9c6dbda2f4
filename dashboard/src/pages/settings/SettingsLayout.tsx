import { Link, Outlet } from "@tanstack/react-router";
import { Page } from "~/components/Page";
import tabs from "~/components/TabLinks.module.css";

/** The parts of the settings, each with an address of its own. */
export function SettingsLayout() {
  return (
    <Page title="Settings" text="Keys, people, limits, and who changed what.">
      <nav className={tabs.tabs} aria-label="Parts of the settings">
        <Link to="/settings/api-keys" className={tabs.tab}>
          API keys
        </Link>
        <Link to="/settings/sessions" className={tabs.tab}>
          Sessions
        </Link>
        <Link to="/settings/limits" className={tabs.tab}>
          Limits and use
        </Link>
        <Link to="/settings/audit" className={tabs.tab}>
          Audit log
        </Link>
        <Link to="/settings/livekit" className={tabs.tab}>
          LiveKit
        </Link>
      </nav>
      <Outlet />
    </Page>
  );
}
