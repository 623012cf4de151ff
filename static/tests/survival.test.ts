/** Cards of calls that outlive their page, or are on another one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../src/api/types.ts";
import { cards, type Card } from "../src/call/cards.ts";
import { announcements, inCall, tone, vanished } from "../src/call/plan.ts";
import type { PhoneEvent } from "../src/call/state.ts";
import { call, dialled, NOW, play, returned, rung, snapshot, told } from "./fixtures.ts";

const handset: PhoneEvent = { type: "handset", handset: "h1" };
const answered = { answered_at: "2026-11-22T12:00:02Z" };
const accepted = (key: string): PhoneEvent => ({ type: "session-accepted", key, call: null, at: NOW });
const ended = (key: string, cause: string): PhoneEvent => ({ type: "session-ended", key, cause, at: NOW });
const live = (changes: Partial<Call>, ...events: PhoneEvent[]): Card[] =>
  cards(play(handset, snapshot({ calls: [call({ ...answered, ...changes })] }), ...events));
const seen = (found: Card[]) => found.map((card) => [card.state, card.where, card.takable]);

test("a call of this page's handset comes back by itself; one of another page can be taken", () => {
  assert.deepEqual(seen(live({ handset: "h1", detached: true })), [["active", "returning", false]]);
  assert.deepEqual(seen(live({ handset: "h1" })), [["active", "returning", false]]);
  assert.deepEqual(seen(live({ handset: "h2" })), [["active", "elsewhere", true]]);
  assert.deepEqual(seen(live({ handset: "h2", held: true })), [["held", "elsewhere", true]]);
  assert.deepEqual(seen(live({ handset: "h2", state: "ringing" })), [["ringing-out", "elsewhere", false]]);
  assert.deepEqual(seen(live({ handset: "h2", detached: true })), [["active", "returning", true]]);
});

test("without a microphone nothing comes back by itself", () => {
  const deaf: PhoneEvent = { type: "microphone", trouble: "denied" };
  assert.deepEqual(seen(live({ handset: "h1", detached: true }, deaf)), [["active", "returning", true]]);
});

test("a call that comes back is as old, as muted and as held as it was", () => {
  const before = live({ handset: "h1", detached: true, muted: true, held: true }, returned("detached"));
  assert.deepEqual(seen(before), [["held", "returning", false]]);
  const [card] = live({ handset: "h1", muted: true, held: true }, returned("detached"), accepted("s9"));
  assert.deepEqual(
    [card?.where, card?.state, card?.muted, card?.direction, card?.number, card?.acceptedAt],
    ["here", "held", true, "out", "600", NOW - 8_000],
  );
});

test("a call that came back while it still rings shows that it rings, with its tone", () => {
  const ringing = { handset: "h1", detached: true, state: "ringing", answered_at: null } as const;
  assert.deepEqual(seen(live(ringing)), [["ringing-out", "returning", false]]);
  assert.equal(tone(live(ringing)), "ringback");
  assert.equal(tone(live({ ...ringing, early_media: true }, returned("detached"))), "none");
  assert.deepEqual(seen(live({ ...ringing, state: "dialing" }, returned("detached"))), [
    ["dialing", "returning", false],
  ]);
});

test("a call that comes back before the feed knows it is shown by what the session says", () => {
  const of = (...events: PhoneEvent[]) => seen(cards(play(handset, snapshot(), returned("detached"), ...events)));
  assert.deepEqual(of(), [["active", "returning", false]]);
  assert.deepEqual(of(accepted("s9"), { type: "session-hold", key: "s9", wanted: true }), [["held", "here", false]]);
});

test("a call that is offered again replaces its earlier session", () => {
  const state = play(handset, snapshot({ calls: [call()] }), rung("s2", "c1"), accepted("s2"), returned("detached"));
  assert.deepEqual(
    state.sessions.map((session) => session.key),
    ["s9"],
  );
});

test("taking a call: asked for, refused, or there", () => {
  const taking: PhoneEvent = { type: "taking", call: "c1" };
  const of = (...events: PhoneEvent[]) => {
    const [card] = live({ handset: "h2" }, ...events);
    return [card?.where, card?.taking, card?.takeError];
  };
  assert.deepEqual(of(taking), ["elsewhere", true, null]);
  const refused: PhoneEvent = { type: "take-failed", call: "c1", error: "handset_not_attached" };
  assert.deepEqual(of(taking, refused), ["elsewhere", false, "handset_not_attached"]);
  assert.deepEqual(of(refused), ["elsewhere", false, null]);
  assert.deepEqual(of(taking, returned("taken"), accepted("s9")), ["here", false, null]);
  assert.equal(play(taking, returned("taken")).taking, null);
  assert.deepEqual(play(taking, rung()).taking, { call: "c1", error: null });
});

test("a page that loses its call to another one shows it there, and nothing when it ends there", () => {
  const own = [rung("s2", "c1"), accepted("s2")];
  const lost = [...own, ended("s2", "continued_elsewhere")];
  const over = told({ handset: "h2", state: "ended", cause: "ended" });
  assert.deepEqual(seen(live({ handset: "h2" }, ...lost)), [["active", "elsewhere", true]]);
  assert.deepEqual(live({ handset: "h2" }, ...lost, over), []);
  const kinds = announcements(live({ handset: "h1" }, ...own), live({ handset: "h2" }, ...lost));
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ["moved"],
  );
});

test("a page whose ring was answered on another screen shows no missed call", () => {
  const ringing = { id: "c2", direction: "in", state: "ringing" } as const;
  const before = live(ringing, rung());
  const there = told({ id: "c2", direction: "in", handset: "h2" });
  const over = told({ id: "c2", direction: "in", handset: "h2", state: "ended", cause: "ended" });
  assert.deepEqual(seen(before), [["ringing-in", "here", false]]);
  const lost = [rung(), ended("s2", "answered_elsewhere"), there];
  assert.deepEqual(seen(live(ringing, ...lost)), [["active", "elsewhere", true]]);
  assert.deepEqual(live(ringing, ...lost, over), []);
});

test("what the PBX gave to another phone is told", () => {
  const over = told({ id: "c2", direction: "in", state: "ended", cause: "answered_elsewhere" });
  const [card] = cards(play(snapshot(), rung(), ended("s2", "answered_elsewhere"), over));
  assert.deepEqual([card?.state, card?.cause], ["ended", "answered_elsewhere"]);
});

test("an outgoing call that JsSIP gave up with its connection is on its way back; its end without that is told", () => {
  const sent: PhoneEvent = { type: "session-sent", key: "s1", sipCallId: "abc" };
  const call1 = { handset: "h1", near_call_id: "abc", state: "ringing" } as const;
  const dropped = [dialled(), sent, told(call1), ended("s1", "reconnecting")];
  assert.deepEqual(seen(cards(play(handset, snapshot(), ...dropped))), [["ringing-out", "returning", false]]);
  const [over] = cards(play(handset, snapshot(), ...dropped, told({ ...call1, state: "ended", cause: "cancelled" })));
  assert.deepEqual([over?.state, over?.cause], ["ended", "cancelled"]);
  const [unknown] = cards(play(handset, snapshot(), dialled(), sent, ended("s1", "reconnecting")));
  assert.deepEqual([unknown?.state, unknown?.cause], ["ended", "interrupted"]);
});

test("a call that ended here does not come back for the moment that the gateway takes to say so", () => {
  const own = told({ handset: "h1" });
  const closed = [rung("s2", "c1"), own, accepted("s2"), ended("s2", "ended")];
  const dismiss: PhoneEvent = { type: "dismiss", key: "s2" };
  assert.deepEqual(cards(play(handset, snapshot(), ...closed, dismiss)), []);
  assert.deepEqual(seen(cards(play(handset, snapshot(), ...closed, dismiss, told({ handset: "h1", detached: true })))), [
    ["active", "returning", false],
  ]);
  const [next] = cards(play(handset, snapshot(), ...closed, dialled("s3", "601")));
  assert.equal(next?.number, "601");
});

test("what waits for the connection, and audio that is lost, stand on the card", () => {
  const [card] = live(
    { handset: "h1" },
    rung("s2", "c1"),
    accepted("s2"),
    { type: "session-waiting", key: "s2", step: "hold" },
    { type: "session-audio", key: "s2", lost: true },
  );
  assert.deepEqual([card?.waiting, card?.audioLost], ["hold", true]);
});

test("what is said aloud when a call comes back, on hold or not", () => {
  const kinds = (before: Card[], after: Card[]) => announcements(before, after).map(({ kind }) => kind);
  const back = { handset: "h1", detached: true };
  assert.deepEqual(kinds([], live(back)), ["returning"]);
  assert.deepEqual(kinds(live(back), live(back, returned("detached"))), []);
  const here = (changes: Partial<Call>) => live({ ...back, ...changes }, returned("detached"), accepted("s9"));
  assert.deepEqual(kinds(live(back), here({})), ["resumed"]);
  assert.deepEqual(kinds(live({ ...back, held: true }), here({ held: true })), ["held"]);
});

test("a call elsewhere leaves this page free; one that returns does not", () => {
  assert.equal(inCall(live({ handset: "h2" })), false);
  assert.equal(inCall(live({ handset: "h1", detached: true })), true);
});

test("sessions whose call the gateway has lost", () => {
  const of = (calls: Call[], ...events: PhoneEvent[]) => vanished(play(handset, snapshot({ calls }), ...events));
  const own = [rung("s2", "c1"), accepted("s2")];
  assert.deepEqual(of([call()], ...own), []);
  assert.deepEqual(of([], ...own), ["s2"]);
  assert.deepEqual(of([], ...own, { type: "feed-lost" }), []);
  assert.deepEqual(of([call()], ...own, told({ state: "ended" })), ["s2"]);
  assert.deepEqual(of([], rung("s2", null), accepted("s2"), rung("s3", "c1")), []);
});
