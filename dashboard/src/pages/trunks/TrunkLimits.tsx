import { Button, Group, NumberInput } from "@mantine/core";
import { useState } from "react";
import { FormError } from "~/components/FormError";
import { WithRight } from "~/components/NeedsRight";
import { Panel } from "~/components/Panel";
import { fieldError } from "~/lib/form-errors";
import { rateText } from "../now/activity";
import { limitChange, limitFields, type LimitFields } from "./limits-form";
import { useChangeTrunk, type TrunkView } from "./queries";
import classes from "./Trunks.module.css";
import { whyNotChangeable } from "./words";

const FIELDS = ["cps", "max_concurrent_calls"];

/** The tenant's own limits, below the operator's. */
export default function TrunkLimits({ trunk }: { trunk: TrunkView }) {
  const stored = limitFields(trunk);
  const [edited, setEdited] = useState<LimitFields | null>(null);
  const change = useChangeTrunk(trunk.id);
  const fields = edited ?? stored;
  const wanted = limitChange(stored, fields);
  const isChanged = Object.keys(wanted).length > 0;
  const save = () => change.mutate(wanted, { onSuccess: () => setEdited(null) });
  return (
    <Panel
      title="Your limits"
      text="A running lane keeps them within half a second. Calls that ring or talk go on."
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (isChanged) save();
        }}
      >
        <NumberInput
          label="Calls per second"
          description={`The operator's budget is ${rateText(trunk.cps_budget)}. Empty: no lower limit of yours.`}
          placeholder={String(trunk.cps_budget)}
          value={fields.cps}
          onChange={(cps) => setEdited({ ...fields, cps })}
          error={fieldError(change.error, "cps")}
          decimalScale={2}
        />
        <NumberInput
          label="Concurrent calls"
          description={concurrencyText(trunk)}
          placeholder="No limit"
          value={fields.max_concurrent_calls}
          onChange={(max_concurrent_calls) => setEdited({ ...fields, max_concurrent_calls })}
          error={fieldError(change.error, "max_concurrent_calls")}
        />
        <FormError error={change.error} fields={FIELDS} />
        <Group gap="xs">
          <WithRight scope="trunks:write" unless={whyNotChangeable(trunk)}>
            {(disabled) => (
              <Button type="submit" disabled={disabled || !isChanged} loading={change.isPending}>
                Save limits
              </Button>
            )}
          </WithRight>
          {isChanged && (
            <Button
              variant="default"
              onClick={() => {
                setEdited(null);
                change.reset();
              }}
            >
              Discard
            </Button>
          )}
        </Group>
      </form>
    </Panel>
  );
}

function concurrencyText(trunk: TrunkView): string {
  const shares = [
    trunk.tenant_max_concurrent_calls === null
      ? null
      : `The operator lets you have ${trunk.tenant_max_concurrent_calls} at once.`,
    trunk.direct_share > 0
      ? `Batches leave ${Math.round(trunk.direct_share * 100)} % of it to single calls.`
      : null,
    "Empty: no lower limit of yours.",
  ];
  return shares.filter((share) => share !== null).join(" ");
}
