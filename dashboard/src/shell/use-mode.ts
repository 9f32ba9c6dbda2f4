import { useSyncExternalStore } from "react";
import { currentMode, onModeChange } from "~/api/mode";

/** The chosen mode; the component renders again when it changes. */
export function useMode() {
  return useSyncExternalStore(onModeChange, currentMode);
}
