import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { Logo } from "./Logo";
import classes from "./Shell.module.css";

/** The navigation of a narrow window. */
export default function MobileMenu({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  return (
    <Drawer opened onClose={onClose} title={<Logo />} size={280} closeButtonProps={{ "aria-label": "Close" }}>
      <div className={classes.drawer}>{children}</div>
    </Drawer>
  );
}
