import { CodeSample } from "~/components/CodeSample";
import { JsonView } from "~/components/JsonView";
import classes from "./JsonTab.module.css";
import type { CallView } from "./timeline";

/** The call as the API has it, and the request that reads it. */
export function JsonTab({ call }: { call: CallView }) {
  const path = `${location.origin}/api/v1/calls/${call.call_id}`;
  return (
    <div className={classes.stack}>
      <CodeSample samples={[{ label: "curl", code: `curl ${path} -H "x-api-key: $KEY"` }]} />
      <JsonView value={call} what="call" />
    </div>
  );
}
