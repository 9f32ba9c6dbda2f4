/** A tool as its form edits it. Pure. */
import type { Schemas } from "~/api/client";
import type { Tool } from "../build/queries";
import { configDraft, configOf, type ConfigDraft } from "./config";

export interface ToolDraft {
  name: string;
  description: string;
  config: ConfigDraft;
  record_bodies: boolean;
}

const EXAMPLE = {
  parameters: [{ name: "meal", type: "string", required: true }],
  actions: [
    {
      type: "api_call",
      method: "POST",
      url: "https://your-api.com/meals",
      headers: { Authorization: "Bearer {{user.auth_token}}" },
      body: { meal: "{{params.meal}}" },
    },
  ],
};

export function toolDraft(tool: Tool | undefined): ToolDraft {
  return {
    name: tool?.name ?? "",
    description: tool?.description ?? "",
    config: configDraft(tool?.config ?? EXAMPLE),
    record_bodies: tool?.record_bodies ?? false,
  };
}

/** What the API takes. It checks the config, so its text is passed on as it is. */
export function toolSpec(draft: ToolDraft): Schemas["ToolSpec"] {
  const config = configOf(draft.config) as unknown as Schemas["ToolConfig"];
  return { name: draft.name, description: draft.description, config, record_bodies: draft.record_bodies };
}
