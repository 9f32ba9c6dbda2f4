/** A typed client of Trunkline's API: see the README. */
export { Trunkline, type Options, type Schemas, type WaitOptions } from "./client.js";
export { ApiError, NoResponse, TrunklineError, WaitTimeout } from "./errors.js";
export { iterate, unwrap, type Page } from "./responses.js";
export { DEFAULT_RETRIES, type Retries } from "./retries.js";
export { InvalidSignature, verifyWebhook, type WebhookPayload } from "./webhooks.js";
export type { components, operations, paths, webhooks } from "./schema.gen.js";
