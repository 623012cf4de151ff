import assert from "node:assert/strict";
import { test } from "node:test";
import { backOff, parseFrame, verdict } from "../src/feed/sequence.ts";

const frame = (seq: number, type = "call") => parseFrame(JSON.stringify({ type, seq, call: {} }))!;

test("what is not a message of ours is left out", () => {
  for (const data of [
    new ArrayBuffer(1),
    "",
    "{",
    "null",
    "7",
    '{"type":"call"}',
    '{"type":"other","seq":1}',
    '{"seq":1}',
  ]) {
    assert.equal(parseFrame(data), undefined);
  }
  assert.equal(frame(3).seq, 3);
});

test("a snapshot begins; after it the numbers grow by one", () => {
  assert.equal(verdict(0, frame(41, "snapshot")), "take");
  assert.equal(verdict(41, frame(42)), "take");
  assert.equal(verdict(41, frame(43)), "gap");
  assert.equal(verdict(41, frame(41)), "gap");
  assert.equal(verdict(0, frame(1)), "gap");
  assert.equal(verdict(50, frame(1, "snapshot")), "take");
});

test("waiting doubles up to ten seconds, with jitter", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 99].map((attempt) => backOff(attempt, 0)),
    [500, 1000, 2000, 4000, 8000, 10_000, 10_000],
  );
  assert.equal(backOff(0, 1), 625);
});
