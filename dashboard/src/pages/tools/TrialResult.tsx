import type { Schemas } from "~/api/client";
import { JsonView } from "~/components/JsonView";
import { Status } from "~/components/Status";
import { excerpt } from "~/lib/excerpt";
import { prettyJson } from "~/lib/json-text";
import classes from "./tools.module.css";

type Trial = Schemas["TrialView"];

const LONGEST_BODY = 20_000;

/** What a trial would send, or sent and got. */
export function TrialResult({ trial }: { trial: Trial }) {
  return (
    <section aria-label="Result" className={classes.result}>
      <p className={classes.line}>
        <Status value={trial.status} />
        {trial.sent ? "The requests were sent." : "Nothing was sent."}
        {` Version ${trial.version}.`}
      </p>
      <ol className={classes.actions}>
        {trial.actions.map((action, index) => (
          <li key={index} className={classes.action}>
            <Action action={action} done={trial.done[index]} />
          </li>
        ))}
      </ol>
      {trial.error && (
        <p role="alert" className={classes.error}>
          {`${trial.error.type.replaceAll("_", " ")}: ${trial.error.message}`}
          {trial.error.may_have_happened && " The request may have been done."}
        </p>
      )}
      {trial.sent && <JsonView value={{ result: trial.result, state: trial.state }} what="result" />}
    </section>
  );
}

function Action({
  action,
  done,
}: {
  action: Trial["actions"][number];
  done: Trial["done"][number] | undefined;
}) {
  const { request } = action;
  const outcome =
    done && [done.http_status, `${done.latency_ms} ms`, done.status].filter(Boolean).join(" · ");
  if (!request) {
    return (
      <>
        <strong>{action.type.replaceAll("_", " ")}</strong>
        <pre className={classes.body} tabIndex={0}>
          {excerpt(prettyJson(action.does), LONGEST_BODY).text}
        </pre>
      </>
    );
  }
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const text = request.body === null ? "" : prettyJson(request.body);
  return (
    <>
      <strong className={classes.target}>{`${request.method} ${request.url}`}</strong>
      {outcome && <span className={classes.outcome}>{outcome}</span>}
      <pre className={classes.body} tabIndex={0} aria-label="Resolved request">
        {[...headers, "", excerpt(text, LONGEST_BODY).text].join("\n").trim()}
      </pre>
    </>
  );
}
