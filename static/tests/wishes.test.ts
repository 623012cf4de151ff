import assert from "node:assert/strict";
import { test } from "node:test";
import { fulfilled, nextStep, noWishes, retryAfter, wished, type Facts, type Wishes } from "../src/call/wishes.ts";

const facts = (changes: Partial<Facts> = {}): Facts => ({
  registered: true,
  confirmed: true,
  free: true,
  held: false,
  ...changes,
});
const wishes = (changes: Partial<Wishes>): Wishes => ({ ...noWishes, ...changes });

test("nothing wished, or what is so already, needs nothing", () => {
  assert.equal(nextStep(noWishes, facts()), null);
  assert.equal(nextStep(wishes({ held: false }), facts()), null);
  assert.equal(nextStep(wishes({ held: true }), facts({ held: true })), null);
});

test("each wish is done when the page is registered and no offer is under way", () => {
  assert.equal(nextStep(wishes({ held: true }), facts()), "hold");
  assert.equal(nextStep(wishes({ held: false }), facts({ held: true })), "resume");
  assert.equal(nextStep(wishes({ restart: true }), facts()), "restart");
  assert.equal(nextStep(wishes({ hangUp: true }), facts()), "hang-up");
});

test("what cannot be done yet waits", () => {
  for (const missing of ["registered", "confirmed", "free"])
    assert.equal(nextStep(wishes({ held: true }), facts({ [missing]: false })), "wait");
  assert.equal(nextStep(wishes({ hangUp: true }), facts({ registered: false })), "wait");
  assert.equal(nextStep(wishes({ hangUp: true }), facts({ free: false })), "hang-up");
});

test("hanging up comes before hold, and hold before an ICE restart, which a held call does not need", () => {
  assert.equal(wished(wishes({ hangUp: true, held: true, restart: true }), false), "hang-up");
  assert.equal(wished(wishes({ held: true, restart: true }), false), "hold");
  assert.equal(wished(wishes({ restart: true }), true), null);
});

test("what was done is no longer wished, unless the opposite is wished meanwhile", () => {
  assert.deepEqual(fulfilled(wishes({ held: true }), "hold"), noWishes);
  assert.deepEqual(fulfilled(wishes({ held: false }), "hold"), wishes({ held: false }));
  assert.deepEqual(fulfilled(wishes({ held: false }), "resume"), noWishes);
  assert.deepEqual(fulfilled(wishes({ held: true, restart: true }), "restart"), wishes({ held: true }));
  assert.deepEqual(fulfilled(wishes({ hangUp: true, held: true }), "hang-up"), noWishes);
});

test("a refused step is tried again a few times", () => {
  assert.deepEqual([0, 1, 2, 3, 4].map(retryAfter), [500, 1000, 2000, 4000, null]);
});
