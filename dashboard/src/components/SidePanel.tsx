import { Drawer } from "@mantine/core";
import { useEffect, useEffectEvent, useRef, type ReactNode } from "react";

interface SidePanelProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A panel at the side, over the page it belongs to; Escape closes it, unless a dialog stands above it. */
export default function SidePanel({ title, onClose, children }: SidePanelProps) {
  const content = useRef<HTMLDivElement>(null);
  const onEscape = useEffectEvent(() => {
    const top = [...document.querySelectorAll("[role=dialog]")].at(-1);
    if (top?.contains(content.current)) onClose();
  });
  useEffect(() => {
    // The panel is there before what opens above it, and hears of the key first.
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.isComposing && !isOfControl(event.target)) onEscape();
    };
    window.addEventListener("keydown", onKeyDown, true);
    return () => window.removeEventListener("keydown", onKeyDown, true);
  }, []);
  return (
    <Drawer
      opened
      onClose={onClose}
      closeOnEscape={false}
      title={title}
      position="right"
      size={600}
      styles={{ title: { fontSize: "16px", fontWeight: 620, overflowWrap: "anywhere" } }}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div ref={content}>{children}</div>
    </Drawer>
  );
}

/** An open list of choices takes Escape for itself. */
function isOfControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.getAttribute("data-mantine-stop-propagation") === "true";
}
