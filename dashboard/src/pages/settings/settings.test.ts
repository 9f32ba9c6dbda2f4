import { describe, expect, it } from "vitest";
import { auditFilters, keysSearch } from "./filters";
import {
  type KeyLimits,
  keyBoundsOf,
  keySpecOf,
  limitsDraftOf,
  linesOf,
  mayGrant,
  newKeyDraft,
  scopesText,
} from "./key-draft";
import { changedFields } from "~/lib/draft";
import type { ApiKey } from "./queries";
import { shareUsed } from "./share";

const KEY: ApiKey = {
  id: "key_1",
  name: "crm",
  hint: "as_live_…abcd",
  scopes: ["calls:read"],
  environment: "live",
  livemode: true,
  status: "active",
  expires_at: null,
  allowed_addresses: ["203.0.113.0/24"],
  requests_per_minute: 600,
  created_at: "2026-11-28T10:00:00Z",
  last_used_at: null,
};

describe("a new key", () => {
  it("leaves to the API what is empty", () => {
    expect(keySpecOf({ ...newKeyDraft("test"), name: " crm ", scopes: ["calls:read"] })).toEqual({
      name: "crm",
      scopes: ["calls:read"],
      environment: "test",
      expires_at: null,
      allowed_addresses: [],
      requests_per_minute: null,
    });
  });

  it("reads addresses by line, comma or space", () => {
    expect(linesOf(" 203.0.113.7\n\n198.51.100.0/24, 2001:db8::/32 ")).toEqual([
      "203.0.113.7",
      "198.51.100.0/24",
      "2001:db8::/32",
    ]);
  });
});

it("sends of a changed key what was changed alone", () => {
  const changes = (draft: KeyLimits) => changedFields(keyBoundsOf(limitsDraftOf(KEY)), keyBoundsOf(draft));
  expect(changes(limitsDraftOf(KEY))).toEqual({});
  expect(changes({ ...limitsDraftOf(KEY), requestsPerMinute: 60, addresses: "" })).toEqual({
    requests_per_minute: 60,
    allowed_addresses: [],
  });
});

it("grants what the session has, and what that includes", () => {
  const allows = (scope: string) => ["calls:read", "webhooks:write"].includes(scope);
  const granted = ["calls:read", "webhooks:read", "webhooks:write", "calls:create", "admin"];
  expect(granted.filter((scope) => mayGrant(allows, scope))).toEqual([
    "calls:read",
    "webhooks:read",
    "webhooks:write",
  ]);
});

it("names scopes in short", () => {
  expect([["a"], ["a", "b"], ["a", "b", "c"]].map(scopesText)).toEqual(["a", "a, b", "a, b and 1 more"]);
});

it("takes from the URL what it knows alone", () => {
  expect(auditFilters({ action: "api_key.created", after: "soon", actor_id: 5 })).toEqual({
    action: "api_key.created",
    actor_id: "5",
  });
  expect(keysSearch({ new: "true", key: "key_1", other: 1 })).toEqual({ new: true, key: "key_1" });
});

it("knows how much of a limit is used", () => {
  expect([shareUsed(5, 10), shareUsed(30, 10), shareUsed(0, 0), shareUsed(5, null)]).toEqual([
    0.5,
    1,
    1,
    null,
  ]);
});
