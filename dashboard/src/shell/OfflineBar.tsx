import { onlineManager } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import classes from "./Shell.module.css";

/** Says that the browser has no network, for as long as it has none. */
export function OfflineBar() {
  const isOnline = useSyncExternalStore(
    (onChange) => onlineManager.subscribe(onChange),
    () => onlineManager.isOnline(),
  );
  return (
    <div role="status" className={classes.offline}>
      {!isOnline && "You are offline. What you see is what was read before. The page goes on by itself."}
    </div>
  );
}
