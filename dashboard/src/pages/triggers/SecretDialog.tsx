import { CodeSample } from "~/components/CodeSample";
import { CopyButton } from "~/components/CopyButton";
import SecretOnce from "~/components/SecretOnce";
import type { TriggerWithSecret } from "./queries";
import classes from "./Triggers.module.css";
import { sendCommand } from "./words";

/** Shows a new secret once, with the address and a request that sends an event. */
export default function SecretDialog({
  trigger,
  onClose,
}: {
  trigger: TriggerWithSecret;
  onClose: () => void;
}) {
  return (
    <SecretOnce
      title={`The secret of ${trigger.name}`}
      what="secret"
      secret={trigger.secret}
      onClose={onClose}
    >
      <div className={classes.url}>
        <code>{trigger.url}</code>
        <CopyButton text={trigger.url} what="URL" />
      </div>
      <CodeSample samples={[{ label: "curl", code: sendCommand(trigger, trigger.secret) }]} />
    </SecretOnce>
  );
}
