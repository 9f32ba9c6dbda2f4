import { describe, expect, it } from "vitest";
import { parseViews, withView } from "./views";

describe("saved views", () => {
  it("keep what was filtered, and not whom a person looked for", () => {
    const [view] = withView([], " Failed today ", {
      status: "failed",
      since: "24h",
      phone_number: "+15550100001",
    });
    expect(view).toMatchObject({ name: "Failed today", filters: { status: "failed", since: "24h" } });
    expect(JSON.stringify(view)).not.toContain("5550100001");
  });

  it("have one view of a name", () => {
    const views = withView(withView([], "Mine", { status: "failed" }), "Mine", { status: "active" });
    expect(views.map(({ filters }) => filters.status)).toEqual(["active"]);
  });

  it("are read whatever stands there", () => {
    expect(parseViews("{")).toEqual([]);
    expect(parseViews('{"a": 1}')).toEqual([]);
    expect(
      parseViews('[null, 1, {"name": 2}, {"name": "x", "filters": {"status": "nonsense"}}]'),
    ).toHaveLength(1);
  });
});
