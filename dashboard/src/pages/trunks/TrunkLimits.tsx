import { Button, Group, NumberInput } from "@mantine/core";
import { ChangedElsewhere } from "~/components/ChangedElsewhere";
import { FormError } from "~/components/FormError";
import { useDraft } from "~/components/use-draft";
import { WithRight } from "~/components/NeedsRight";
import { Panel } from "~/components/Panel";
import { fieldError } from "~/lib/form-errors";
import { rateText } from "../now/activity";
import { limitChange, limitFields } from "./limits-form";
import { useChangeTrunk, type TrunkView } from "./queries";
import classes from "./Trunks.module.css";
import { whyNotChangeable } from "./words";

const FIELDS = ["cps", "max_concurrent_calls"];

/** The tenant's own limits, below the operator's. */
export default function TrunkLimits({ trunk }: { trunk: TrunkView }) {
  const form = useDraft(limitFields(trunk));
  const { draft: fields, change: set } = form;
  const change = useChangeTrunk(trunk.id);
  const wanted = limitChange(form.base, fields);
  const elsewhere = change.isPending ? null : form.elsewhere;
  const isChanged = Object.keys(wanted).length > 0;
  const save = () => change.mutate(wanted, { onSuccess: (saved) => form.settle(fields, limitFields(saved)) });
  return (
    <Panel
      title="Your limits"
      text="A running lane keeps them within half a second. Calls that ring or talk go on."
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (isChanged && !elsewhere) save();
        }}
      >
        <NumberInput
          label="Calls per second"
          description={`The operator's budget is ${rateText(trunk.cps_budget)}. Empty: no lower limit of yours.`}
          placeholder={String(trunk.cps_budget)}
          value={fields.cps}
          onChange={(cps) => set({ cps })}
          error={fieldError(change.error, "cps")}
          decimalScale={2}
        />
        <NumberInput
          label="Concurrent calls"
          description={concurrencyText(trunk)}
          placeholder="No limit"
          value={fields.max_concurrent_calls}
          onChange={(max_concurrent_calls) => set({ max_concurrent_calls })}
          error={fieldError(change.error, "max_concurrent_calls")}
        />
        <ChangedElsewhere elsewhere={elsewhere} />
        <FormError error={change.error} fields={FIELDS} />
        <Group gap="xs">
          <WithRight scope="trunks:write" unless={whyNotChangeable(trunk)}>
            {(disabled) => (
              <Button
                type="submit"
                disabled={disabled || !isChanged || elsewhere !== null}
                loading={change.isPending}
              >
                Save limits
              </Button>
            )}
          </WithRight>
          {isChanged && (
            <Button
              variant="default"
              onClick={() => {
                form.discard();
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
