/** The signatures of webhooks: what verifies, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { InvalidSignature, verifyWebhook } from "../dist/index.js";

const SECRET = `whsec_${Buffer.from("one-secret-that-is-long-enough-a").toString("base64")}`;
const OTHER_SECRET = `whsec_${Buffer.from("another-secret-that-is-long-enou").toString("base64")}`;
const BODY = '{"event": {"type": "call.failed", "id": "evt_1", "note": "é"}, "delivery_id": "dlv_1"}';

function signed(secrets = [SECRET], ageS = 0): Record<string, string> {
  const at = new Date(Math.floor(Date.now() / 1000 - ageS) * 1000);
  return {
    "Webhook-Id": "evt_1",
    "Webhook-Timestamp": String(at.getTime() / 1000),
    "Webhook-Signature": secrets.map((secret) => new Webhook(secret).sign("evt_1", at, BODY)).join(" "),
  };
}

test("a webhook is verified in each form of body and headers", () => {
  for (const body of [BODY, Buffer.from(BODY), new TextEncoder().encode(BODY)]) {
    assert.equal(verifyWebhook(body, signed(), SECRET).delivery_id, "dlv_1");
  }
  const { event } = verifyWebhook(BODY, new Headers(signed()), SECRET);
  assert.equal(event.type, "call.failed");
});

test("both secrets verify a webhook while one replaces the other", () => {
  const headers = signed([OTHER_SECRET, SECRET]);
  for (const secret of [SECRET, OTHER_SECRET]) assert.equal(verifyWebhook(BODY, headers, secret).delivery_id, "dlv_1");
});

const REFUSED: [string, Record<string, string | undefined>][] = [
  ["no headers", {}],
  ["no signature", { ...signed(), "Webhook-Signature": undefined }],
  ["a signature of another form", { ...signed(), "Webhook-Signature": "v1" }],
  ["no time", { ...signed(), "Webhook-Timestamp": "yesterday" }],
  ["another id", { ...signed(), "Webhook-Id": "evt_2" }],
  ["another secret", signed([OTHER_SECRET])],
  ["an old time", signed([SECRET], 302)],
  ["a time of the future", signed([SECRET], -302)],
];
for (const [name, headers] of REFUSED) {
  test(`headers that do not fit are refused: ${name}`, () => {
    assert.throws(() => verifyWebhook(BODY, headers, SECRET), InvalidSignature);
  });
}

test("a body that was changed is refused", () => {
  for (const body of [`${BODY} `, Buffer.from([0xff, 0xfe]), ""]) {
    assert.throws(() => verifyWebhook(body, signed(), SECRET), InvalidSignature);
  }
});
