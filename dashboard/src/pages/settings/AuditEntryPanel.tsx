import { Facts } from "~/components/Facts";
import { IdText } from "~/components/IdText";
import SidePanel from "~/components/SidePanel";
import { Time } from "~/components/Time";
import type { AuditEntry } from "./queries";

/** All of one entry, also where the table has no room for it. */
export default function AuditEntryPanel({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const { actor } = entry;
  return (
    <SidePanel title={entry.action} onClose={onClose}>
      <Facts
        facts={[
          ["Time", <Time key="t" at={entry.at} absolute />],
          ["Who", actor.name || "–"],
          ["By", actor.type.replaceAll("_", " ")],
          ["Key or user", actor.id ? <IdText key="a" id={actor.id} what="key id" /> : "–"],
          ["Address", actor.address || "–"],
          ["Resource", <IdText key="r" id={entry.target_id} what="resource id" />],
          ["Changed fields", entry.changed.join(", ") || "–"],
          ["Mode", entry.livemode ? "live" : "test"],
          ["Request", entry.request_id ? <IdText key="q" id={entry.request_id} what="request id" /> : "–"],
          ["Entry", <IdText key="e" id={entry.id} what="entry id" />],
        ]}
      />
    </SidePanel>
  );
}
