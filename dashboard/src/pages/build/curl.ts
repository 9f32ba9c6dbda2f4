import { currentMode } from "~/api/mode";

/** A command that makes a first one: the key is a variable, of the tab's mode. */
export function curl(method: string, path: string, json: unknown): string {
  const key = currentMode() === "live" ? "$KEY" : "$TEST_KEY";
  return `curl -X ${method} ${location.origin}${path} \\
  -H "x-api-key: ${key}" -H "Content-Type: application/json" \\
  -d '${JSON.stringify(json)}'`;
}
