import { useDisclosure } from "@mantine/hooks";
import { useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef } from "react";
import { sectionsOf } from "./navigation";
import { onShortcutHelp } from "./shortcut-help";
import { isTyping, pathOfKeys, type Pressed } from "./shortcuts";

/** Loaded when it is asked for: dialogs are a good part of the library. */
const ShortcutsDialog = lazy(() => import("./ShortcutsDialog"));

/** Keyboard shortcuts, and the dialog that lists them. */
export function Shortcuts() {
  const router = useRouter();
  const [opened, { open, close }] = useDisclosure(false);
  const before = useRef<Pressed | null>(null);
  const sections = useMemo(
    () => sectionsOf(new Set(Object.keys(router.routesByPath))),
    [router.routesByPath],
  );
  useEffect(() => onShortcutHelp(open), [open]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(document.activeElement)) return;
      // A dialog is asked first: leaving it could lose a secret that is shown once.
      if (document.querySelector("[role=dialog]")) return;
      const now = { key: event.key, atMs: event.timeStamp };
      const path = pathOfKeys(sections, before.current, now);
      before.current = now;
      if (event.key === "?") open();
      else if (event.key === "/") focusSearch(event);
      else if (path) void router.navigate({ to: path });
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [open, router, sections]);
  return (
    opened && (
      <Suspense>
        <ShortcutsDialog sections={sections} onClose={close} />
      </Suspense>
    )
  );
}

/** Pages mark their search field with `data-search`. */
function focusSearch(event: KeyboardEvent) {
  const field = document.querySelector<HTMLElement>("[data-search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
}
