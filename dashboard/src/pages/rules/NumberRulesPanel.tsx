import { useLive } from "~/api/live";
import { PageState } from "~/components/PageState";
import { NumberRulesForm } from "./NumberRulesForm";
import { numberRulesQuery } from "./queries";

const EVERY_MS = 30_000;

/** Prefixes, the frequency cap and the default time zone. */
export default function NumberRulesPanel() {
  const query = useLive({ ...numberRulesQuery, everyMs: EVERY_MS });
  return <PageState query={query}>{(rules) => <NumberRulesForm stored={rules} />}</PageState>;
}
