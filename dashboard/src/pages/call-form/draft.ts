/** A call as its form edits it: the values as a person types them. Pure. */
import { policyDraft, type PolicyDraft } from "../build/policy";

/** By which route it is placed: to a number by an agent, by a workflow, or as a web call to an agent. */
export type CallKind = "phone" | "workflow" | "web";

export interface CallDraft extends PolicyDraft {
  kind: CallKind;
  agentId: string;
  workflowSlug: string;
  agentName: string;
  phoneNumber: string;
  userId: string;
  callerId: string;
  priority: string;
  /** JSON. */
  metadata: string;
  /** JSON. */
  userContext: string;
  isLater: boolean;
  earliestAt: string;
  /** No attempt begins after it. */
  latestAt: string;
  testSpeed: string;
}

export const EMPTY_CALL: CallDraft = {
  ...policyDraft({ redial: null, calling_window: null }),
  kind: "phone",
  agentId: "",
  workflowSlug: "",
  agentName: "",
  phoneNumber: "",
  userId: "",
  callerId: "",
  priority: "",
  metadata: "",
  userContext: "",
  isLater: false,
  earliestAt: "",
  latestAt: "",
  testSpeed: "",
};

/** What each part of the form gets. */
export interface CallFieldsProps {
  draft: CallDraft;
  set: (change: Partial<CallDraft>) => void;
  error: Error | null;
  /** Whether a phone rings for it. */
  isPhone: boolean;
}
