import assert from "node:assert/strict";
import { test } from "node:test";
import { callOf, cards, type CardState } from "../src/call/cards.ts";
import type { PhoneEvent } from "../src/call/state.ts";
import { call, dialled, NOW, play, rung, snapshot, told } from "./fixtures.ts";

const accepted: PhoneEvent = { type: "session-accepted", key: "s1", call: "c1", at: NOW };
const states = (...events: PhoneEvent[]): CardState[] => cards(play(snapshot(), ...events)).map((card) => card.state);

test("nothing to show without calls", () => assert.deepEqual(states(), []));

test("an outgoing call, step by step", () => {
  assert.deepEqual(states(dialled()), ["dialing"]);
  const progress: PhoneEvent = { type: "session-progress", key: "s1", call: "c1", earlyMedia: false };
  assert.deepEqual(states(dialled(), progress), ["ringing-out"]);
  assert.deepEqual(states(dialled(), accepted), ["active"]);
  assert.deepEqual(states(dialled(), accepted, { type: "session-ended", key: "s1", cause: "ended", at: NOW }), [
    "ended",
  ]);
});

test("the feed's ringing counts before the page's own response", () => {
  const sent: PhoneEvent = { type: "session-sent", key: "s1", sipCallId: "abc" };
  assert.deepEqual(states(dialled(), sent, told({ state: "ringing", near_call_id: "abc" })), ["ringing-out"]);
});

test("hold is what the feed says; what was pressed counts until the feed knows the call", () => {
  const wanted: PhoneEvent = { type: "session-hold", key: "s1", wanted: true };
  assert.deepEqual(states(dialled(), accepted, wanted), ["held"]);
  assert.deepEqual(states(dialled(), accepted, told({ held: false }), wanted), ["active"]);
  assert.deepEqual(states(dialled(), accepted, told({ held: true }), wanted), ["held"]);
});

test("the gateway's cause and name take the place of the page's guess", () => {
  const ended: PhoneEvent = { type: "session-ended", key: "s1", cause: "unavailable", at: NOW };
  const [guess] = cards(play(snapshot(), dialled(), accepted, told({ name: "Eco" }), ended));
  assert.deepEqual([guess?.cause, guess?.name], ["unavailable", "Eco"]);
  const over = told({ state: "ended", cause: "pbx_lost", ended_by: "gateway", ended_at: "2026-11-22T12:00:20Z" });
  const [known] = cards(play(snapshot(), dialled(), accepted, over));
  assert.deepEqual(
    [known?.state, known?.cause, known?.endedBy, known?.endedAt],
    ["ended", "pbx_lost", "gateway", NOW + 10_000],
  );
  const [silent] = cards(
    play(snapshot(), dialled(), accepted, ended, told({ state: "ended", cause: null, number: "" })),
  );
  assert.deepEqual([silent?.cause, silent?.number], ["unavailable", "600"]);
});

test("a call of the feed is found by its id or by the Call-ID that the page chose", () => {
  const sent: PhoneEvent = { type: "session-sent", key: "s1", sipCallId: "abc" };
  const state = play(snapshot(), dialled(), sent, told({ near_call_id: "abc" }));
  assert.equal(callOf(state, state.sessions[0]!)?.id, "c1");
  const [card] = cards(state);
  assert.deepEqual([card?.call, card?.where], ["c1", "here"]);
  const none = play(snapshot(), dialled());
  assert.equal(callOf(none, none.sessions[0]!), undefined);
});

test("a call that is live on another page is shown without audio; one that rings there is not", () => {
  const answered = call({ answered_at: "2026-11-22T12:00:12Z" });
  const [card] = cards(play(snapshot({ calls: [answered] })));
  assert.deepEqual([card?.where, card?.state, card?.acceptedAt], ["elsewhere", "active", NOW + 2_000]);
  const of = (changes: Parameters<typeof call>[0]): CardState[] =>
    cards(play(snapshot({ calls: [call(changes)] }))).map((one) => one.state);
  assert.deepEqual(of({ held: true }), ["held"]);
  assert.deepEqual(of({ state: "dialing" }), ["dialing"]);
  assert.deepEqual(of({ state: "ringing" }), ["ringing-out"]);
  assert.deepEqual(of({ direction: "in", state: "ringing" }), []);
  assert.deepEqual(of({ state: "ended" }), []);
});

test("the conversation comes first, then the held call, then the one that rings", () => {
  const both = [dialled(), accepted, rung()];
  assert.deepEqual(states(...both), ["active", "ringing-in"]);
  const answered: PhoneEvent = { type: "session-accepted", key: "s2", call: null, at: NOW };
  assert.deepEqual(states(...both, told({ held: true }), answered), ["active", "held"]);
});

test("an ended call steps back behind a live one, and goes when it is closed", () => {
  const over: PhoneEvent = { type: "session-ended", key: "s1", cause: "busy", at: NOW };
  assert.deepEqual(states(dialled(), rung(), over), ["ringing-in"]);
  assert.deepEqual(states(dialled(), over, { type: "dismiss", key: "s1" }), []);
});

test("a ringing session that was given up with its socket has no card while it ends", () => {
  assert.deepEqual(states(rung(), { type: "dismiss", key: "s2" }), []);
});
