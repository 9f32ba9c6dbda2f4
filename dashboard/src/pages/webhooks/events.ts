/** The events that a webhook can receive. Source: `docs/webhooks.md`. Pure. */

export const EVENT_TYPES = [
  "call.started",
  "call.connected",
  "call.completed",
  "call.failed",
  "call.disconnected",
  "call.agent.changed",
  "trunk.paused",
  "trunk.resumed",
  "webhook.disabled",
  "webhook.ping",
] as const;

export interface EventGroup {
  pattern: string;
  label: string;
  events: [name: string, text: string][];
}

/** A ping comes whatever the filter says, so there is nothing to choose. */
export const EVENT_GROUPS: EventGroup[] = [
  {
    pattern: "call.*",
    label: "All events of calls",
    events: [
      ["call.started", "The call is accepted."],
      ["call.connected", "Caller and agent are both connected."],
      ["call.completed", "The call ended normally."],
      ["call.failed", "The call failed, timed out or was cancelled."],
      ["call.disconnected", "An answered call lost its connection or its agent."],
      ["call.agent.changed", "Another agent took over the call."],
    ],
  },
  {
    pattern: "trunk.*",
    label: "All events of trunks",
    events: [
      ["trunk.paused", "One of your trunks stopped dialling. Live only."],
      ["trunk.resumed", "It dials again. Live only."],
    ],
  },
  {
    pattern: "webhook.*",
    label: "All events of webhooks",
    events: [["webhook.disabled", "Another of your webhooks was disabled."]],
  },
];

/** Whether a filter selects an event, as the API decides it. */
export function isSelected(patterns: readonly string[], event: string): boolean {
  return patterns.some(
    (each) => each === "*" || each === event || (each.endsWith(".*") && event.startsWith(each.slice(0, -1))),
  );
}

/** The filter after a pattern was switched on or off; a group stands for its events. */
export function toggled(patterns: readonly string[], pattern: string): string[] {
  if (patterns.includes(pattern)) return patterns.filter((each) => each !== pattern);
  const isCovered = (each: string) => pattern.endsWith(".*") && each.startsWith(pattern.slice(0, -1));
  return [...patterns.filter((each) => !isCovered(each)), pattern];
}

/** "All events", "call.completed", "call.completed and 2 more". */
export function eventsText(patterns: readonly string[]): string {
  const [first, ...others] = patterns;
  if (first === undefined || patterns.includes("*")) return "All events";
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
