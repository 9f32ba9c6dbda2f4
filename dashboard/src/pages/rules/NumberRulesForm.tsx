import { Button, Group, NumberInput, Select, TagsInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, body } from "~/api/client";
import { keepSaved } from "~/api/saved";
import { ConfirmDialog } from "~/components/ConfirmDialog";
import { ChangedElsewhere } from "~/components/ChangedElsewhere";
import { FormError } from "~/components/FormError";
import { useDraft } from "~/components/use-draft";
import { isSame } from "~/lib/draft";
import { WithRight } from "~/components/NeedsRight";
import { Panel } from "~/components/Panel";
import { fieldError } from "~/lib/form-errors";
import { numberRulesQuery, type NumberRules } from "./queries";
import classes from "./Rules.module.css";
import { consequence, fieldsOf, specOf, type RulesFields } from "./rules-form";

const FIELDS = ["allowed_prefixes", "denied_prefixes", "frequency_cap", "default_timezone"];

/** Edits all number rules together, as the API replaces all of them. */
export function NumberRulesForm({ stored }: { stored: NumberRules }) {
  const [isAsking, setAsking] = useState(false);
  const form = useDraft(fieldsOf(stored));
  const { draft: fields, change: set } = form;
  const save = useSave((sent, saved) => form.settle(sent, fieldsOf(saved)));
  const isChanged = !isSame(specOf(fields), specOf(fieldsOf(stored)));
  const elsewhere = save.isPending ? null : form.elsewhere;
  const warning = consequence(stored, fields);
  const submit = () => {
    if (warning) setAsking(true);
    else save.mutate(fields);
  };
  return (
    <Panel
      title="Number rules"
      text="They count within a minute, also for calls that wait. Emergency and premium-rate numbers are never called."
    >
      <form
        className={`${classes.form} ${classes.narrow}`}
        onSubmit={(event) => {
          event.preventDefault();
          if (isChanged && !elsewhere) submit();
        }}
      >
        <TagsInput
          label="Allowed prefixes"
          description="Empty: every number is allowed but those with a denied prefix. Press Enter after each."
          placeholder="+49"
          value={fields.allowed_prefixes}
          onChange={(allowed_prefixes) => set({ allowed_prefixes })}
          error={fieldError(save.error, "allowed_prefixes")}
          splitChars={[",", " ", ";"]}
        />
        <TagsInput
          label="Denied prefixes"
          description="The longest prefix that matches a number decides. The same prefix in both lists is denied."
          placeholder="+1900"
          value={fields.denied_prefixes}
          onChange={(denied_prefixes) => set({ denied_prefixes })}
          error={fieldError(save.error, "denied_prefixes")}
          splitChars={[",", " ", ";"]}
        />
        <Cap fields={fields} set={set} error={fieldError(save.error, "frequency_cap")} />
        <Zone value={fields.default_timezone} set={set} error={fieldError(save.error, "default_timezone")} />
        <ChangedElsewhere elsewhere={elsewhere} />
        <FormError error={save.error} fields={FIELDS} />
        <Group gap="xs">
          <WithRight scope="rules:write">
            {(disabled) => (
              <Button
                type="submit"
                disabled={disabled || !isChanged || elsewhere !== null}
                loading={save.isPending}
              >
                Save rules
              </Button>
            )}
          </WithRight>
          {isChanged && (
            <Button
              variant="default"
              onClick={() => {
                form.discard();
                save.reset();
              }}
            >
              Discard
            </Button>
          )}
          <span role="status" className={classes.muted}>
            {save.isSuccess && !isChanged ? "Saved." : ""}
          </span>
        </Group>
      </form>
      <ConfirmDialog
        opened={isAsking}
        onClose={() => setAsking(false)}
        title="Save these rules?"
        confirm="Save rules"
        danger
        onConfirm={() => save.mutateAsync(fields)}
      >
        {warning}
      </ConfirmDialog>
    </Panel>
  );
}

function useSave(onSaved: (sent: RulesFields, saved: NumberRules) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (fields: RulesFields) => body(api.PUT("/api/v1/number-rules", { body: specOf(fields) })),
    onSuccess: async (rules, fields) => {
      await keepSaved(queryClient, numberRulesQuery.queryKey, rules);
      onSaved(fields, rules);
    },
  });
}

interface PartProps {
  set: (change: Partial<RulesFields>) => void;
  error: string | undefined;
}

function Cap({ fields, set, error }: PartProps & { fields: RulesFields }) {
  return (
    <fieldset className={classes.fieldset}>
      <legend className={classes.legend}>Frequency cap</legend>
      <p className={classes.hint}>
        A number is dialled no more often, by all calls together, redials included. Calls over the cap wait,
        or are refused if they would expire before. Both empty: no cap.
      </p>
      <div className={classes.pair}>
        <NumberInput
          label="At most this many attempts"
          value={fields.max_attempts}
          onChange={(max_attempts) => set({ max_attempts })}
          error={error}
        />
        <NumberInput
          label="In this many hours"
          value={fields.per_hours}
          onChange={(per_hours) => set({ per_hours })}
          error={error !== undefined}
        />
      </div>
    </fieldset>
  );
}

function Zone({ value, set, error }: PartProps & { value: string | null }) {
  const zones = useMemo(() => {
    const known = Intl.supportedValuesOf("timeZone");
    return value === null || known.includes(value) ? known : [value, ...known];
  }, [value]);
  return (
    <Select
      label="Default time zone"
      description="Of callees for whom none can be derived from the number. Without it, such a call with a calling window waits for one."
      placeholder="None"
      searchable
      clearable
      limit={80}
      data={zones}
      value={value}
      onChange={(default_timezone) => set({ default_timezone })}
      error={error}
      nothingFoundMessage="No such zone"
    />
  );
}
