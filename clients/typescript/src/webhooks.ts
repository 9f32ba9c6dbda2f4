/** Verification of webhooks, by the library of Standard Webhooks: https://www.standardwebhooks.com */
import { Webhook } from "standardwebhooks";
import { TrunklineError } from "./errors.js";
import type { webhooks } from "./schema.gen.js";

/** The body of a webhook; `event.type` says which. */
export type WebhookPayload = {
  [Type in keyof webhooks]: webhooks[Type]["post"]["requestBody"]["content"]["application/json"];
}[keyof webhooks];

/** Headers of a request as `fetch`, Node.js and frameworks have them. */
export type RequestHeaders = Headers | Record<string, string | string[] | undefined>;

/** A request is not a webhook of Trunkline's, was changed on the way, or is older than five minutes. */
export class InvalidSignature extends TrunklineError {
  override name = "InvalidSignature";
}

const SIGNED = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/**
 * Checks the signature of a webhook, and returns its payload. `body` is the raw body: the signature is that of its
 * bytes. `secret` is the whole `whsec_…` text. While a secret is rotated, the old and the new one verify a request.
 *
 * Throws `InvalidSignature`: respond with 400, and do nothing with it.
 */
export function verifyWebhook(body: string | Uint8Array, headers: RequestHeaders, secret: string): WebhookPayload {
  const verifier = new Webhook(secret);
  try {
    const text = typeof body === "string" ? body : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return verifier.verify(text, signedHeaders(headers)) as WebhookPayload;
  } catch (error) {
    throw new InvalidSignature(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function signedHeaders(headers: RequestHeaders): Record<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  const signed = entries.filter(([name, value]) => value !== undefined && SIGNED.includes(name.toLowerCase()));
  return Object.fromEntries(signed.map(([name, value]) => [name, String(value)]));
}
