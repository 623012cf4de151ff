import assert from "node:assert/strict";
import { test } from "node:test";
import { newWatch, watchAudio, type AudioWatch, type Sample } from "../src/call/audio-watch.ts";

/** Plays samples half a second apart; gives the seconds at which ICE was to be restarted, and the last watch. */
function play(seconds: number, at: (second: number) => Partial<Sample>): { restarts: number[]; watch: AudioWatch } {
  let watch = newWatch;
  const restarts: number[] = [];
  for (let second = 0; second <= seconds; second += 0.5) {
    const usual: Sample = { at: second * 1000, ice: "connected", packets: second * 100, talking: true, registered: true };
    const step = watchAudio(watch, { ...usual, ...at(second) });
    watch = step.watch;
    if (step.restart) restarts.push(second);
  }
  return { restarts, watch };
}

test("a call that is heard is left alone", () => {
  assert.deepEqual(play(30, () => ({})).restarts, []);
});

test("three seconds without a packet ask for a restart, then again after longer and longer waits, six times", () => {
  const { restarts, watch } = play(120, (second) => ({ packets: Math.min(second, 2) * 100 }));
  assert.deepEqual(restarts, [5, 9, 17, 33, 49, 65]);
  assert.equal(watch.lost, true);
});

test("two seconds of `disconnected` do so as well, and `failed` at once", () => {
  assert.deepEqual(play(6, (second) => (second >= 2 ? { ice: "disconnected" } : {})).restarts, [4]);
  assert.deepEqual(play(3, (second) => (second >= 2 ? { ice: "failed" } : {})).restarts, [2]);
  assert.deepEqual(play(8, (second) => (second === 2 || second === 5 ? { ice: "disconnected" } : {})).restarts, []);
});

test("without a registration it waits", () => {
  const { restarts } = play(12, (second) => ({ packets: Math.min(second, 2) * 100, registered: second >= 8 }));
  assert.deepEqual(restarts, [8, 12]);
});

test("a held call has no audio to lose", () => {
  assert.deepEqual(play(20, () => ({ packets: 100, talking: false })).restarts, []);
  const resumed = play(20, (second) => (second < 10 ? { packets: 100, talking: false } : { packets: second }));
  assert.deepEqual(resumed.restarts, []);
});

test("before the first packet nothing is lost: the gateway itself ends a call without audio", () => {
  assert.deepEqual(play(20, () => ({ packets: 0, ice: "checking" })).restarts, []);
});

test("heard again, the next loss counts anew", () => {
  const { restarts, watch } = play(20, (second) => ({ packets: second < 2 || second > 6 ? second * 100 : 210 }));
  assert.deepEqual(restarts, [5]);
  assert.deepEqual([watch.lost, watch.tries, watch.triedAt], [false, 0, null]);
});
