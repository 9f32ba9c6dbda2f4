import { Status } from "~/components/Status";

/** Whether a key is accepted; "active" does not pulse here, as it does for a call. */
export function KeyStatus({ status }: { status: string }) {
  return <Status value={status === "active" ? "enabled" : "disabled"} label={status} />;
}
