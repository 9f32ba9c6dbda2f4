/** A batch as its form edits it. Pure. */
import { prettyJson } from "~/lib/json-text";
import { outboundTemplate, phoneColumn } from "./template";

export interface BatchDraft {
  name: string;
  agentId: string | null;
  phone: string | null;
  metadata: string[];
  /** The body of each call, as JSON: from the columns, until a person changes it. */
  template: string;
  callsSameNumbers: boolean;
  averageCallS: number | string;
}

export function draftOf(): BatchDraft {
  return {
    name: "",
    agentId: null,
    phone: null,
    metadata: [],
    template: "{}",
    callsSameNumbers: false,
    averageCallS: 60,
  };
}

/** The draft for another file. */
export function withColumns(draft: BatchDraft, columns: string[], fileName: string): BatchDraft {
  const phone = phoneColumn(columns);
  const name = draft.name || fileName.replace(/\.\w+$/, "").slice(0, 100);
  return withTemplate({
    ...draft,
    name,
    phone,
    metadata: columns.filter((each) => each !== phone).slice(0, 20),
  });
}

/** The draft with the template that its columns make. */
export function withTemplate(draft: BatchDraft): BatchDraft {
  return { ...draft, template: prettyJson(outboundTemplate(draft.agentId, draft.phone, draft.metadata)) };
}
