import { ActionIcon } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Outlet, useRouteContext, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon } from "lucide-react";
import { lazy, Suspense, useEffect, useRef } from "react";
import { modeOf } from "~/api/session";
import { Account } from "./Account";
import { Logo } from "./Logo";
import { Navigation } from "./Navigation";
import classes from "./Shell.module.css";
import { OfflineBar } from "./OfflineBar";
import { Shortcuts } from "./Shortcuts";
import { useMode } from "./use-mode";

const MobileMenu = lazy(() => import("./MobileMenu"));

/** The frame of every page: navigation, test bar, account, shortcuts. */
export function Shell() {
  const { session } = useRouteContext({ from: "/_app" });
  useMode();
  const [menu, { open, close }] = useDisclosure(false);
  const main = useFocusOnNavigation();
  useFocusKeeper();
  const side = (
    <>
      <Navigation onNavigate={close} />
      <Account session={session} />
    </>
  );
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        Skip to the content
      </a>
      <div className={classes.bars}>
        {modeOf(session) === "test" && (
          <div className={classes.test} role="region" aria-label="Mode">
            Test mode <span>No phone rings here.</span>
          </div>
        )}
        <OfflineBar />
      </div>
      <div className={classes.mobileBar}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="Open the navigation"
          aria-expanded={menu}
          onClick={open}
        >
          <MenuIcon size={18} />
        </ActionIcon>
        <Logo />
      </div>
      <aside className={classes.nav}>
        <div className={classes.top}>
          <Logo />
        </div>
        {side}
      </aside>
      {menu && (
        <Suspense>
          <MobileMenu onClose={close}>{side}</MobileMenu>
        </Suspense>
      )}
      <main id="main" ref={main} tabIndex={-1} className={classes.main} key={modeOf(session)}>
        <Outlet />
      </main>
      <Shortcuts />
    </div>
  );
}

/** Loaded after the page: nothing has the focus before. */
function useFocusKeeper() {
  useEffect(() => {
    const keeping = import("./focus-keeper").then(({ keepFocus }) => keepFocus());
    return () => void keeping.then((stop) => stop());
  }, []);
}

/** A new page takes the focus, so that a screen reader begins with it; filters of a page do not move it. */
function useFocusOnNavigation() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const seen = useRef(path);
  useEffect(() => {
    if (seen.current !== path && seen.current !== undefined) main.current?.focus();
    seen.current = path;
  }, [path]);
  return main;
}
