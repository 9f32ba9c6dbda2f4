import { TextInput } from "@mantine/core";
import { useSession } from "~/api/use-session";
import { PolicyFields } from "../build/LazyPolicyFields";
import type { CallFieldsProps } from "../call-form/draft";
import { errorOf } from "~/lib/form-errors";
import classes from "./PlaceCallPage.module.css";

const WITHOUT = {
  redial: "Off: the redial policy of the agent or workflow, if it has one.",
  window: "Off: the window of the agent or workflow, if it has one.",
};

/** How it is dialled, and how often. */
export function HowFields({ draft, set, error, isPhone }: CallFieldsProps) {
  const isTest = useSession().mode === "test";
  if (!isPhone && !isTest) return null;
  return (
    <fieldset className={classes.section}>
      <legend>How</legend>
      <div className={classes.pair}>
        {isPhone && (
          <TextInput
            label="Priority"
            description="0 is dialled first, 10 last"
            placeholder={draft.kind === "phone" ? "5" : "The workflow's"}
            inputMode="numeric"
            value={draft.priority}
            error={errorOf(error, "priority")}
            onChange={(event) => set({ priority: event.currentTarget.value })}
          />
        )}
        {isTest && (
          <TextInput
            label="Speed of the simulation"
            description="1 to 100 times real time"
            placeholder="1"
            inputMode="numeric"
            value={draft.testSpeed}
            error={errorOf(error, "testSpeed", "test_speed")}
            onChange={(event) => set({ testSpeed: event.currentTarget.value })}
          />
        )}
      </div>
      {isPhone && <PolicyFields draft={draft} onChange={set} error={error} without={WITHOUT} />}
    </fieldset>
  );
}
