import { CodeSample } from "~/components/CodeSample";
import java from "./samples/Verify.java?raw";
import go from "./samples/verify.go?raw";
import node from "./samples/verify.mjs?raw";
import php from "./samples/verify.php?raw";
import python from "./samples/verify.py?raw";
import classes from "./webhooks.module.css";

const SAMPLES = [
  { label: "Python", code: python },
  { label: "Node.js", code: node },
  { label: "Go", code: go },
  { label: "Java", code: java },
  { label: "PHP", code: php },
];

/** Code that verifies what a webhook sends. */
export default function VerifyTab() {
  return (
    <section aria-label="Verify signatures">
      <p className={classes.muted}>
        Every request has the header <code>X-Webhook-Signature: t=…,v1=…</code>. Give this function the raw
        body, as it came, the header, and the secret. It refuses requests that are older than five minutes.
        Libraries of Standard Webhooks verify <code>webhook-signature</code> with the same secret.
      </p>
      <CodeSample samples={SAMPLES} />
    </section>
  );
}
