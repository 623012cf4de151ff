import assert from "node:assert/strict";
import { test } from "node:test";
import { reduce } from "../src/call/reduce.ts";
import { emptyState } from "../src/call/state.ts";
import { call, dialled, line, me, NOW, play, rung, snapshot, told } from "./fixtures.ts";

test("a snapshot makes the page live and tells how far the clocks differ", () => {
  const state = play(snapshot({ calls: [call()] }));
  assert.equal(state.feed, "live");
  assert.equal(state.clockAhead, 10_000);
  assert.deepEqual(Object.keys(state.calls), ["c1"]);
  assert.equal(state.me?.name, "Ana Souza");
});

test("a snapshot after a gap forgets live calls that are not in it, and keeps ended ones for their card", () => {
  const state = play(
    snapshot({ calls: [call({ id: "live" })] }),
    told({ id: "over", state: "ended" }),
    snapshot({ seq: 9 }),
  );
  assert.deepEqual(Object.keys(state.calls), ["over"]);
  assert.equal(state.seq, 9);
});

test("a lost feed is lost only once there was one", () => {
  assert.equal(play({ type: "feed-lost" }).feed, "connecting");
  assert.equal(play(snapshot(), { type: "feed-lost" }).feed, "lost");
});

test("a line event changes the own line and the list of a supervisor", () => {
  const other = { ...line, id: "l2" };
  const lines = play(snapshot(), { type: "feed", at: NOW, message: { type: "lines", seq: 2, lines: [line, other] } });
  const offline = { ...line, state: "offline" as const };
  const own = reduce(lines, { type: "feed", at: NOW, message: { type: "line", seq: 3, line: offline } });
  assert.equal(own.line?.state, "offline");
  assert.equal(own.lines[0]?.state, "offline");
  const others = reduce(own, {
    type: "feed",
    at: NOW,
    message: { type: "line", seq: 4, line: { ...other, state: "refused" } },
  });
  assert.equal(others.line?.state, "offline");
  assert.equal(others.lines[1]?.state, "refused");
});

test("calls of other lines, which a supervisor is told of, make no card here", () => {
  assert.deepEqual(play(snapshot(), told({ line: "l2" })).calls, {});
});

test("only the last ended calls are kept", () => {
  const ends = Array.from({ length: 12 }, (_, i) => told({ id: `c${i}`, state: "ended" }, i + 2));
  const state = play(snapshot(), ...ends);
  assert.deepEqual(Object.keys(state.calls), ["c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11"]);
});

test("an outgoing session goes from dialling to its end", () => {
  let state = play(snapshot(), dialled());
  assert.equal(state.sessions[0]?.state, "dialing");
  state = reduce(state, { type: "session-sent", key: "s1", sipCallId: "abc" });
  state = reduce(state, { type: "session-progress", key: "s1", call: "c1", earlyMedia: true });
  state = reduce(state, { type: "session-progress", key: "s1", call: null, earlyMedia: false });
  assert.deepEqual(
    [state.sessions[0]?.state, state.sessions[0]?.sipCallId, state.sessions[0]?.call, state.sessions[0]?.earlyMedia],
    ["ringing", "abc", "c1", true],
  );
  state = reduce(state, { type: "session-accepted", key: "s1", call: null, at: NOW + 1 });
  state = reduce(state, { type: "session-accepted", key: "s1", call: "c1", at: NOW + 9 });
  assert.equal(state.sessions[0]?.acceptedAt, NOW + 1);
  state = reduce(state, { type: "session-muted", key: "s1", muted: true });
  state = reduce(state, { type: "session-hold", key: "s1", wanted: true });
  assert.deepEqual([state.sessions[0]?.muted, state.sessions[0]?.holdWanted], [true, true]);
  state = reduce(state, { type: "session-ended", key: "s1", cause: "ended", at: NOW + 5 });
  assert.deepEqual(
    [state.sessions[0]?.state, state.sessions[0]?.cause, state.sessions[0]?.endedAt],
    ["ended", "ended", NOW + 5],
  );
});

test("an incoming session that is being answered stays so while the far side rings on", () => {
  let state = play(snapshot(), rung(), { type: "session-answering", key: "s2" });
  state = reduce(state, { type: "session-progress", key: "s2", call: null, earlyMedia: false });
  assert.equal(state.sessions[0]?.state, "answering");
  assert.equal(state.sessions[0]?.call, "c2");
});

test("an event of a session that is over, or of none, changes nothing", () => {
  const state = play(dialled(), { type: "session-ended", key: "s1", cause: "busy", at: NOW });
  assert.equal(reduce(state, { type: "session-accepted", key: "s1", call: null, at: NOW }), state);
  assert.equal(reduce(state, { type: "session-muted", key: "nobody", muted: true }), state);
});

test("a new session clears the ended ones away", () => {
  const state = play(dialled(), { type: "session-ended", key: "s1", cause: "busy", at: NOW }, dialled("s3"));
  assert.deepEqual(
    state.sessions.map((session) => session.key),
    ["s3"],
  );
});

test("dismissing removes an ended session and remembers its key; a live one stays", () => {
  const ended = play(
    dialled(),
    { type: "session-ended", key: "s1", cause: "busy", at: NOW },
    { type: "dismiss", key: "s1" },
  );
  assert.deepEqual([ended.sessions.length, ended.dismissed], [0, ["s1"]]);
  assert.equal(play(dialled(), { type: "dismiss", key: "s1" }).sessions.length, 1);
});

test("plain facts are taken as they come", () => {
  const state = play(
    { type: "me", me },
    { type: "lines", lines: [line] },
    { type: "registered", registered: true },
    { type: "microphone", trouble: "denied" },
    { type: "session-over" },
  );
  assert.deepEqual(
    [state.me, state.lines, state.registered, state.microphone, state.sessionOver],
    [me, [line], true, "denied", true],
  );
  assert.equal(emptyState.registered, false);
});
