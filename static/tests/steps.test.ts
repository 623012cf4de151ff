import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallEvent } from "../src/api/types.ts";
import { steps } from "../src/call/steps.ts";

const event = (changes: Partial<CallEvent>): CallEvent => ({
  at: "2026-11-22T12:00:00Z",
  state: "active",
  cause: null,
  held: false,
  held_by_other: false,
  muted: false,
  early_media: false,
  recording_state: "off",
  sip_status: null,
  ...changes,
});
const kinds = (...events: Partial<CallEvent>[]) => steps(events.map(event)).map(({ kind }) => kind);

test("each view tells what it changed", () => {
  assert.deepEqual(
    kinds(
      { state: "dialing" },
      { state: "ringing" },
      { state: "ringing", early_media: true },
      {},
      { recording_state: "on" },
      {
        state: "ended",
        cause: "ended",
      },
    ),
    ["dialing", "ringing", "early_media", "active", "recording", "ended"],
  );
});

test("hold, mute and the other side's hold come and go", () => {
  assert.deepEqual(kinds({}, { held: true }, {}, { held_by_other: true }, {}, { muted: true }, {}), [
    "active",
    "held",
    "resumed",
    "held_by_other",
    "resumed_by_other",
    "muted",
    "unmuted",
  ]);
});

test("a view that changes nothing is no step, and the end closes the list", () => {
  assert.deepEqual(kinds({}, {}, { held: true }, { state: "ended", held: false }), ["active", "held", "ended"]);
});

test("only the end has a cause, only a recording its state", () => {
  const [first, second, last] = steps([
    event({ cause: "busy" }),
    event({ recording_state: "on" }),
    event({ state: "ended", cause: "busy" }),
  ]);
  assert.deepEqual([first?.cause, second?.recording, last?.cause, last?.recording], [null, "on", "busy", null]);
});
