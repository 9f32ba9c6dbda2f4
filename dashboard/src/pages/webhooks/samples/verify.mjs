import { createHmac, timingSafeEqual } from "node:crypto";

/** Checks X-Webhook-Signature of a raw body; the key is the whole whsec_… text. */
export function isGenuine(body, header, secret) {
  const parts = Object.fromEntries(header.split(",").map((part) => part.split("=", 2)));
  const expected = createHmac("sha256", secret).update(`${parts.t}.`).update(body).digest();
  const signature = Buffer.from(parts.v1 ?? "", "hex");
  const isRecent = Math.abs(Date.now() / 1000 - Number(parts.t)) <= 300;
  return isRecent && signature.length === expected.length && timingSafeEqual(signature, expected);
}
