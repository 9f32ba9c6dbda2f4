import { describe, expect, it } from "vitest";
import { errorOf, networkError, timeoutError, unreadableError } from "./errors";

const NONE = new Headers();

describe("an error of the API", () => {
  it("has the message, the type and the request id", () => {
    const body = {
      error: { message: "Workflow not found", code: 404, type: "not_found", request_id: "r-1" },
    };
    const error = errorOf(404, NONE, body);
    expect([error.message, error.type, error.requestId, error.kind]).toEqual([
      "Workflow not found",
      "not_found",
      "r-1",
      "not-found",
    ]);
  });

  it("names each field that is wrong", () => {
    const errors = [
      { field: "name", message: "too long" },
      { field: "cps", message: "must be a number" },
    ];
    const error = errorOf(400, NONE, {
      error: { message: "2 fields", type: "invalid_request", field: "name", errors },
    });
    expect(error.fieldErrors).toEqual(errors);
  });

  it("names the one field of an answer that lists none", () => {
    const error = errorOf(400, NONE, {
      error: { message: "must be E.164", type: "invalid_request", field: "phoneNumber" },
    });
    expect(error.fieldErrors).toEqual([{ field: "phoneNumber", message: "must be E.164" }]);
  });

  it("reads API Gateway's own form", () => {
    const headers = new Headers({ "apigw-requestid": "g-1" });
    const error = errorOf(429, headers, { message: "Too Many Requests" });
    expect([error.message, error.requestId, error.kind, error.isTransient]).toEqual([
      "Too Many Requests",
      "g-1",
      "limited",
      true,
    ]);
  });

  it.each([null, "", 7, [], "<html>", { error: "x" }, { error: { message: 5 } }])(
    "survives the body %j",
    (body) => {
      expect(errorOf(502, NONE, body).message).toBe("The API answered with status 502.");
    },
  );

  it("says which scope is missing", () => {
    const error = errorOf(403, NONE, {
      error: { message: "Missing scope: calls:read", type: "missing_scope" },
    });
    expect(error.missingScope).toBe("calls:read");
  });

  it.each([
    ["7", 7],
    ["0", 0],
    ["-3", 0],
    ["soon", undefined],
    [null, undefined],
  ])("reads Retry-After %j", (header, seconds) => {
    const headers = header === null ? NONE : new Headers({ "retry-after": header });
    expect(errorOf(429, headers, null).retryAfterS).toBe(seconds);
  });

  it("is told apart from one whose outcome is unknown", () => {
    expect(errorOf(409, NONE, { error: { message: "?", type: "outcome_unknown" } }).kind).toBe(
      "unknown-outcome",
    );
    expect(errorOf(409, NONE, { error: { message: "?", type: "in_use" } }).kind).toBe("conflict");
    expect(networkError().kind).toBe("no-answer");
  });

  it("is in doubt if no answer to a change came", () => {
    expect([networkError("POST").kind, timeoutError("DELETE", 35).kind]).toEqual([
      "unknown-outcome",
      "unknown-outcome",
    ]);
    expect(timeoutError("GET", 35).kind).toBe("no-answer");
  });

  it("is no error of the API if something else answered", () => {
    expect([unreadableError().kind, unreadableError().isTransient]).toEqual(["failed", true]);
  });
});
