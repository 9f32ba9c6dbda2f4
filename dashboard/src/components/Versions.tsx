import { Button, Select } from "@mantine/core";
import { useMemo, useState } from "react";
import { changesBetween, type Change } from "~/lib/json-diff";
import { excerpt } from "~/lib/excerpt";
import { Fields, Section } from "./Section";
import { Time } from "./Time";
import classes from "./Versions.module.css";

interface Version {
  version: number;
  /** Agents have none. */
  updated_at?: string;
}

interface VersionsProps<Each extends Version> {
  /** Newest first. */
  versions: Each[];
  more?: (() => void) | undefined;
}

/** The versions of a resource, and what changed between two of them. */
export function Versions<Each extends Version>({ versions, more }: VersionsProps<Each>) {
  const newest = versions[0]?.version ?? 1;
  const [after, setAfter] = useState(newest);
  const [before, setBefore] = useState(versions[1]?.version ?? newest);
  const of = (number: number) => versions.find((each) => each.version === number);
  const [old, now] = [of(before), of(after)];
  const changes = useMemo(
    () => (old && now ? changesBetween(contentOf(old), contentOf(now)) : []),
    [old, now],
  );
  const choices = versions.map((each) => ({ value: String(each.version), label: `Version ${each.version}` }));
  return (
    <Section title="Versions" text="Each change makes a version. Compare any two.">
      <Fields>
        <Select
          label="From"
          data={choices}
          value={String(before)}
          allowDeselect={false}
          onChange={(value) => setBefore(Number(value))}
        />
        <Select
          label="To"
          data={choices}
          value={String(after)}
          allowDeselect={false}
          onChange={(value) => setAfter(Number(value))}
        />
      </Fields>
      <p className={classes.times}>
        {`Version ${before} `}
        {old?.updated_at && <Time at={old.updated_at} absolute />}
        {` → version ${after} `}
        {now?.updated_at && <Time at={now.updated_at} absolute />}
      </p>
      <Changes changes={changes} isSame={before === after} />
      {more && (
        <Button variant="default" size="compact-sm" mt="sm" onClick={more}>
          Load older versions
        </Button>
      )}
    </Section>
  );
}

const BOOKKEEPING = ["version", "created_at", "updated_at"];

function contentOf(version: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(version).filter(([name]) => !BOOKKEEPING.includes(name)));
}

function Changes({ changes, isSame }: { changes: Change[]; isSame: boolean }) {
  if (changes.length === 0) {
    return <p className={classes.none}>{isSame ? "Choose two versions." : "Nothing differs."}</p>;
  }
  return (
    <ol className={classes.changes} aria-label="Changes">
      {changes.slice(0, MOST_CHANGES).map((change) => (
        <li key={change.path} className={classes.change}>
          <code className={classes.path}>{change.path}</code>
          <Side sign="−" value={change.before} tone={classes.removed} what="before" />
          <Side sign="+" value={change.after} tone={classes.added} what="after" />
        </li>
      ))}
      {changes.length > MOST_CHANGES && (
        <li className={classes.none}>
          {`and ${(changes.length - MOST_CHANGES).toLocaleString("en")} more changes`}
        </li>
      )}
    </ol>
  );
}

const MOST_CHANGES = 200;
const LONGEST_VALUE = 2_000;

interface SideProps {
  sign: string;
  value: unknown;
  tone: string | undefined;
  what: string;
}

function Side({ sign, value, tone, what }: SideProps) {
  if (value === undefined) return null;
  const { text, left } = excerpt(JSON.stringify(value, null, 2), LONGEST_VALUE);
  return (
    <pre className={`${classes.side} ${tone ?? ""}`} aria-label={what} tabIndex={0}>
      <span aria-hidden>{`${sign} `}</span>
      {text}
      {left > 0 ? `\n… ${left.toLocaleString("en")} more characters` : ""}
    </pre>
  );
}
