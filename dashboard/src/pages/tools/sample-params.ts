/** Parameters to try a tool with. Pure. */

const SAMPLES: Record<string, unknown> = {
  string: "text",
  integer: 1,
  number: 1.5,
  boolean: true,
  array: [],
  object: {},
};

/** A value for each parameter of a tool's config: its default, its first choice, or one of its type. */
export function sampleParams(config: Record<string, unknown>): Record<string, unknown> {
  const parameters: unknown[] = Array.isArray(config.parameters) ? config.parameters : [];
  return Object.fromEntries(parameters.flatMap(sample));
}

function sample(parameter: unknown): [string, unknown][] {
  if (typeof parameter !== "object" || parameter === null) return [];
  const { name, type, default: given, enum: choices } = parameter as Record<string, unknown>;
  if (typeof name !== "string") return [];
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return [[name, given ?? first ?? SAMPLES[String(type)] ?? "text"]];
}
