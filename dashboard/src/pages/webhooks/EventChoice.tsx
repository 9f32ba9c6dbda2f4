import { Checkbox, SegmentedControl } from "@mantine/core";
import type { Draft } from "./draft";
import { EVENT_GROUPS, isSelected, toggled, type EventGroup } from "./events";
import classes from "./webhooks.module.css";

interface EventChoiceProps {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  error: string | undefined;
}

/** Which events a webhook receives: all, also those of later releases, or chosen ones. */
export function EventChoice({ draft, onChange, error }: EventChoiceProps) {
  return (
    <fieldset className={classes.group}>
      <legend>Events</legend>
      <SegmentedControl
        aria-label="Which events"
        value={draft.allEvents ? "all" : "chosen"}
        onChange={(value) => onChange({ allEvents: value === "all" })}
        data={[
          { value: "all", label: "All events" },
          { value: "chosen", label: "Chosen events" },
        ]}
      />
      {!draft.allEvents && (
        <div className={classes.choices}>
          {EVENT_GROUPS.map((group) => (
            <Group
              key={group.pattern}
              group={group}
              chosen={draft.events}
              onToggle={(pattern) => onChange({ events: toggled(draft.events, pattern) })}
            />
          ))}
        </div>
      )}
      {!draft.allEvents && draft.events.length === 0 && (
        <p className={classes.muted}>Choose at least one event.</p>
      )}
      {error && (
        <p role="alert" className={classes.error}>
          {error}
        </p>
      )}
    </fieldset>
  );
}

interface GroupProps {
  group: EventGroup;
  chosen: string[];
  onToggle: (pattern: string) => void;
}

function Group({ group, chosen, onToggle }: GroupProps) {
  const isWhole = chosen.includes(group.pattern) || chosen.includes("*");
  return (
    <>
      <Checkbox label={group.label} checked={isWhole} onChange={() => onToggle(group.pattern)} />
      <div className={classes.within}>
        {group.events.map(([name, text]) => (
          <Checkbox
            key={name}
            size="xs"
            label={<code>{name}</code>}
            description={text}
            checked={isSelected(chosen, name)}
            disabled={isWhole}
            onChange={() => onToggle(name)}
          />
        ))}
      </div>
    </>
  );
}
