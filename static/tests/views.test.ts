import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute } from "../src/router.ts";
import { levelOf } from "../src/sound/level.ts";
import { fitPeaks } from "../src/sound/peaks.ts";
import { clock, initials, when, whoIs } from "../src/views/format.ts";
import { shortcut } from "../src/views/shortcuts.ts";

test("paths are views", () => {
  assert.deepEqual(parseRoute("/"), { view: "phone" });
  assert.deepEqual(parseRoute("/calls"), { view: "calls", call: null });
  assert.deepEqual(parseRoute("/calls/ab12/"), { view: "calls", call: "ab12" });
  assert.deepEqual(parseRoute("/lines"), { view: "lines" });
  assert.deepEqual(parseRoute("/settings"), { view: "settings" });
  assert.deepEqual(parseRoute("/nowhere"), { view: "phone" });
});

test("durations", () => {
  assert.deepEqual([-5, 0, 59_999, 60_000, 187_000, 3_729_000].map(clock), [
    "0:00",
    "0:00",
    "0:59",
    "1:00",
    "3:07",
    "1:02:09",
  ]);
});

test("times are shorter the nearer they are, in the account's zone", () => {
  const now = new Date("2026-11-22T02:30:00Z");
  assert.equal(when("2026-11-22T02:10:00Z", "America/Sao_Paulo", now), "11:10 PM");
  assert.equal(when("2026-11-21T02:10:00Z", "America/Sao_Paulo", now), "yesterday, 11:10 PM");
  assert.equal(when("2026-11-12T15:00:00Z", "America/Sao_Paulo", now), "Nov 12, 12:00 PM");
});

test("who somebody is", () => {
  assert.equal(whoIs("11987654321", null), "(11) 98765-4321");
  assert.equal(whoIs("1002", "Bruno"), "Bruno");
  assert.equal(whoIs("", null), "Unknown number");
  assert.deepEqual(["Ana Souza", "Padaria Pão de Mel", "élio", "1002", "", null].map(initials), [
    "AS",
    "PM",
    "É",
    "",
    "",
    "",
  ]);
});

test("peaks are fitted to columns without losing the highest", () => {
  assert.deepEqual(fitPeaks([0, 0.1, 0.9, 0.2, 0, 0.3], 3), [0.1, 0.9, 0.3]);
  assert.deepEqual(fitPeaks([0.5, 2], 4), [0.5, 0.5, 1, 1]);
  assert.deepEqual(fitPeaks([], 2), [0, 0]);
});

test("the level is on a scale of 60 dB", () => {
  assert.equal(levelOf([0, 0]), 0);
  assert.equal(levelOf([]), 0);
  assert.equal(levelOf([1, -1]), 1);
  assert.ok(Math.abs(levelOf([0.1, -0.1]) - 2 / 3) < 1e-9);
  assert.equal(levelOf([1e-6]), 0);
});

test("shortcuts go by place, and only with Alt alone", () => {
  const key = (changes: Partial<KeyboardEvent>) =>
    shortcut({ altKey: true, code: "KeyA", key: "å", ...changes } as KeyboardEvent);
  assert.equal(key({}), "answer");
  assert.equal(key({ code: "KeyQ" }), "hangup");
  assert.equal(key({ altKey: false }), undefined);
  for (const other of ["ctrlKey", "metaKey", "shiftKey", "repeat"]) assert.equal(key({ [other]: true }), undefined);
  assert.equal(key({ code: "KeyZ" }), undefined);
  assert.equal(key({ key: "F1", altKey: false }), "help");
});
