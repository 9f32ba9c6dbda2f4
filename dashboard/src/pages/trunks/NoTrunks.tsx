import { Empty } from "~/components/PageState";

/** A tenant without trunks: its operator creates them. */
export function NoTrunks() {
  const code = `.venv/bin/trunkline trunks create main --sip-trunk-id ST_xxxxxxxxxxxx --cps 5 \\
  --number +14155550100 --grant YOUR-TENANT --stage prod`;
  return (
    <Empty
      title="No trunk yet"
      text="Your operator creates a trunk and grants it to you. In test mode there is one already."
      code={code}
    />
  );
}
