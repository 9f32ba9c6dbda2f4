/** A batch as its form edits it. Pure. */
import type { Schemas } from "~/api/client";
import { fromLocalField } from "~/lib/local-time";
import { bodyDraft, bodyOf, withKind, type BodyDraft } from "../call-form/body";
import type { Format } from "./file-preview";
import { NO_MAPPING, phoneColumn, userColumn, withMapping, type Mapping } from "./template";

export interface BatchDraft extends Mapping {
  name: string;
  /** The route of each row's call: `outbound` or `workflow`. */
  kind: NonNullable<Schemas["BatchSpec"]["kind"]>;
  call: BodyDraft;
  callsSameNumbers: boolean;
  averageCallS: number | string;
  /** As a field of the browser has it, in the viewer's zone. */
  startsAt: string;
  endsAt: string;
}

export function draftOf(): BatchDraft {
  return {
    name: "",
    kind: "outbound",
    ...NO_MAPPING,
    call: bodyDraft("outbound", {}),
    callsSameNumbers: false,
    averageCallS: 60,
    startsAt: "",
    endsAt: "",
  };
}

const MOST_METADATA = 20;

/** The draft for another file. */
export function withColumns(draft: BatchDraft, columns: string[], fileName: string): BatchDraft {
  const [phone, user] = [phoneColumn(columns), userColumn(columns)];
  const name = draft.name || fileName.replace(/\.\w+$/, "").slice(0, 100);
  const metadata = columns.filter((each) => each && each !== phone).slice(0, MOST_METADATA);
  return mapped({ ...draft, name }, { phone, user, metadata });
}

/** The draft with other columns in its calls. */
export function mapped(draft: BatchDraft, change: Partial<Mapping>): BatchDraft {
  const next = { ...draft, ...change };
  return { ...next, call: withMapping(draft.call, draft.kind, next, draft) };
}

export function ofKind(draft: BatchDraft, kind: BatchDraft["kind"]): BatchDraft {
  return mapped({ ...draft, kind, call: withKind(draft.call, kind) }, {});
}

/** The batch to create: its rows are uploaded, and checked before anybody is called. */
export function specOf(draft: BatchDraft, format: Format): Schemas["BatchSpec"] {
  return {
    name: draft.name,
    kind: draft.kind,
    body: bodyOf(draft.call),
    format,
    dry_run: true,
    same_numbers: draft.callsSameNumbers ? "call" : "refuse",
    average_call_s: Number(draft.averageCallS),
    starts_at: fromLocalField(draft.startsAt) ?? null,
    ends_at: fromLocalField(draft.endsAt) ?? null,
  };
}
