import assert from "node:assert/strict";
import { test } from "node:test";
import { cards } from "../src/call/cards.ts";
import { announcements, inCall, readiness, tone } from "../src/call/plan.ts";
import type { PhoneEvent } from "../src/call/state.ts";
import { call, dialled, line, NOW, play, rung, snapshot, told } from "./fixtures.ts";

const accepted: PhoneEvent = { type: "session-accepted", key: "s1", call: "c1", at: NOW };
const of = (...events: PhoneEvent[]) => cards(play(snapshot(), ...events));
const progress = (earlyMedia: boolean): PhoneEvent => ({ type: "session-progress", key: "s1", call: "c1", earlyMedia });

test("which tone plays", () => {
  assert.equal(tone(of()), "none");
  assert.equal(tone(of(rung())), "ring");
  assert.equal(tone(of(rung(), { type: "session-answering", key: "s2" })), "none");
  assert.equal(tone(of(dialled())), "none");
  assert.equal(tone(of(dialled(), progress(false))), "ringback");
  assert.equal(tone(of(dialled(), progress(true))), "none");
  assert.equal(tone(of(dialled(), accepted, rung())), "waiting");
  assert.equal(tone(of(dialled(), accepted, told({ held: true }), rung())), "waiting");
  assert.equal(tone(cards(play(snapshot({ calls: [call({ state: "ringing" })] })))), "none");
});

test("what is said aloud: every change of state, and a better reason for an end", () => {
  const kinds = (before: PhoneEvent[], after: PhoneEvent[]) =>
    announcements(of(...before), of(...after)).map(({ kind }) => kind);
  assert.deepEqual(kinds([], [dialled()]), []);
  assert.deepEqual(kinds([], [rung()]), ["ringing-in"]);
  assert.deepEqual(kinds([dialled()], [dialled(), progress(false)]), ["ringing-out"]);
  assert.deepEqual(kinds([dialled()], [dialled(), accepted]), ["active"]);
  assert.deepEqual(kinds([dialled(), accepted], [dialled(), accepted]), []);
  const held = told({ held: true });
  assert.deepEqual(kinds([dialled(), accepted], [dialled(), accepted, held]), ["held"]);
  assert.deepEqual(kinds([dialled(), accepted, held], [dialled(), accepted, told({ held: false })]), ["resumed"]);
  const over: PhoneEvent = { type: "session-ended", key: "s1", cause: "unavailable", at: NOW };
  assert.deepEqual(kinds([dialled(), accepted], [dialled(), accepted, over]), ["ended"]);
  assert.deepEqual(kinds([dialled(), accepted, over], [dialled(), accepted, over]), []);
  assert.deepEqual(
    kinds([dialled(), accepted, over], [dialled(), accepted, over, told({ state: "ended", cause: "busy" })]),
    ["ended"],
  );
});

test("readiness is the gateway's, and needs this page to be attached", () => {
  const registered: PhoneEvent = { type: "registered", registered: true };
  assert.equal(readiness(play()), "connecting");
  assert.equal(readiness(play(snapshot())), "registering");
  assert.equal(readiness(play(snapshot(), registered)), "ready");
  assert.equal(readiness(play(snapshot(), registered, { type: "feed-lost" })), "feed-lost");
  assert.equal(readiness(play(snapshot({ line: null }))), "no-line");
  assert.equal(readiness(play(snapshot({ line: { ...line, state: "refused" } }), registered)), "refused");
});

test("only a call with audio here is cut by a reload", () => {
  assert.equal(inCall(of()), false);
  assert.equal(inCall(of(rung())), true);
  assert.equal(inCall(of(dialled(), { type: "session-ended", key: "s1", cause: "busy", at: NOW })), false);
  assert.equal(inCall(cards(play(snapshot({ calls: [call()] })))), false);
});
