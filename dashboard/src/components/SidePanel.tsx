import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";

interface SidePanelProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A panel at the side, over the page it belongs to; Escape closes it. */
export default function SidePanel({ title, onClose, children }: SidePanelProps) {
  return (
    <Drawer
      opened
      onClose={onClose}
      title={title}
      position="right"
      size={600}
      styles={{ title: { fontSize: "16px", fontWeight: 620, overflowWrap: "anywhere" } }}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {children}
    </Drawer>
  );
}
