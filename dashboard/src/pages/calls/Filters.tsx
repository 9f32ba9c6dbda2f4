import { Button, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Search, X } from "lucide-react";
import { referenceQuery } from "~/api/reference";
import { CommittedText } from "~/components/CommittedText";
import { hasFilters } from "~/lib/search";
import classes from "./CallsPage.module.css";
import { lookedFor, lookFor, STATUSES, type CallFilters, type CallsSearch, type Period } from "./filters";
import { Views } from "./Views";

const PERIOD_OPTIONS: { value: Period; label: string }[] = [
  { value: "15m", label: "Last 15 minutes" },
  { value: "1h", label: "Last hour" },
  { value: "24h", label: "Last 24 hours" },
  { value: "7d", label: "Last 7 days" },
  { value: "30d", label: "Last 30 days" },
];

/** What the list shows: each filter is in the address. */
export function Filters({ filters }: { filters: CallFilters }) {
  const navigate = useNavigate({ from: "/calls" });
  const { data: reference } = useQuery(referenceQuery);
  const set = (change: CallFilters) => void navigate({ search: (before) => ({ ...before, ...change }) });
  return (
    <div className={classes.filters} role="search">
      <SearchField filters={filters} set={set} />
      <Choice
        label="Status"
        none="Any status"
        options={STATUSES.map((value) => ({ value, label: value }))}
        value={filters.status}
        onChange={(status) => set({ status: STATUSES.find((each) => each === status) })}
      />
      <Choice
        label="Reason"
        none="Any reason"
        options={reasonOptions(reference?.reasons, filters.failure_reason)}
        value={filters.failure_reason}
        onChange={(reason) => set({ failure_reason: reason })}
      />
      <Choice
        label="Period"
        none="Any time"
        options={PERIOD_OPTIONS}
        value={filters.since}
        onChange={(since) => set({ since: PERIOD_OPTIONS.find(({ value }) => value === since)?.value })}
      />
      <OtherFilters filters={filters} set={set} />
      <span className={classes.views}>
        <Views filters={filters} />
      </span>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  /** The first option: not to filter by it. */
  none: string;
  options: { value: string; label: string }[];
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

function Choice({ label, none, options, value, onChange }: ChoiceProps) {
  return (
    <NativeSelect
      aria-label={label}
      data={[{ value: "", label: none }, ...options]}
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  );
}

function SearchField({ filters, set }: { filters: CallFilters; set: (change: CallFilters) => void }) {
  const navigate = useNavigate({ from: "/calls" });
  const look = (text: string) => {
    const found = lookFor(text);
    if ("callId" in found) void navigate({ to: "/calls/$id", params: { id: found.callId } });
    else set(found.filters);
  };
  return (
    <CommittedText
      data-search
      className={classes.search}
      aria-label="Phone number, call id, user id, or name=value of the metadata"
      placeholder="Number, call id, user or name=value"
      leftSection={<Search size={14} />}
      value={lookedFor(filters)}
      onCommit={look}
    />
  );
}

/** Filters that other pages link with, and the way out of all of them. */
function OtherFilters({ filters, set }: { filters: CallFilters; set: (change: CallFilters) => void }) {
  const navigate = useNavigate({ from: "/calls" });
  const others = [
    ["agent_id", "Agent", filters.agent_id],
    ["workflow_slug", "Workflow", filters.workflow_slug],
    ["trunk_id", "Trunk", filters.trunk_id],
  ] as const;
  return (
    <>
      {others.map(
        ([name, label, value]) =>
          value && (
            <Button
              key={name}
              variant="light"
              className={classes.chip}
              rightSection={<X size={13} />}
              aria-label={`Remove the filter ${label} ${value}`}
              onClick={() => set({ [name]: undefined })}
            >
              {`${label} ${value}`}
            </Button>
          ),
      )}
      {hasFilters(filters) && (
        <Button
          variant="subtle"
          className={classes.clear}
          onClick={() => void navigate({ search: ({ view }: CallsSearch) => ({ view }) })}
        >
          Clear filters
        </Button>
      )}
    </>
  );
}

/** An option for each reason, with the API's sentence; that of the address is one in any case. */
function reasonOptions(reasons: Record<string, string> | undefined, chosen: string | undefined) {
  const all = { ...(chosen ? { [chosen]: chosen.replaceAll("_", " ") } : {}), ...reasons };
  return Object.entries(all).map(([value, text]) => ({ value, label: text.replace(/\.$/, "") }));
}
