import assert from "node:assert/strict";
import { test } from "node:test";
import { slept } from "../src/call/sleep.ts";

test("a look at the clock that comes much too late tells of sleep", () => {
  assert.equal(slept(2_100, false), false);
  assert.equal(slept(9_000, false), false);
  assert.equal(slept(11_000, false), true);
});

test("a hidden page looks at the clock once a minute, awake", () => {
  assert.equal(slept(60_000, true), false);
  assert.equal(slept(90_000, true), true);
});
