import { expect, it } from "vitest";
import { rowToFocus, selectedAmong, visibleColumns, withIndex } from "./data-table";

it("moves within the rows", () => {
  const keys = ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"];
  expect(keys.map((key) => rowToFocus(key, 5, 12))).toEqual([6, 4, 11, 0, 0, 11]);
  expect([rowToFocus("ArrowUp", 0, 12), rowToFocus("ArrowDown", 11, 12)]).toEqual([0, 11]);
});

it("leaves other keys, and empty tables, alone", () => {
  expect([rowToFocus("a", 0, 5), rowToFocus("ArrowDown", 0, 0)]).toEqual([null, null]);
});

it("hides columns where there is no room", () => {
  const columns = [
    { id: "a", header: "A", cell: () => null },
    { id: "b", header: "B", cell: () => null, hideBelow: 600 },
  ];
  expect([0, 599, 600].map((width) => visibleColumns(columns, width).length)).toEqual([2, 1, 2]);
});

it("keeps the row with the focus among those in sight", () => {
  expect([withIndex([4, 5], 99), withIndex([4, 5], 0), withIndex([4, 5], 5), withIndex([], -1)]).toEqual([
    [4, 5, 99],
    [0, 4, 5],
    [4, 5],
    [],
  ]);
});

it("acts on no row that a filter hides", () => {
  expect([...selectedAmong(new Set(["a", "b"]), ["b", "c"])]).toEqual(["b"]);
});
