import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { localCause, type LocalEnd } from "../src/call/causes.ts";

const end: LocalEnd = {
  originator: "remote",
  established: false,
  outgoing: false,
  connected: true,
  status: undefined,
  cause: "",
  answeredElsewhere: false,
  told: null,
};
const table: [Partial<LocalEnd>, string][] = [
  [{ told: "pbx_lost", cause: "SIP Failure Code", status: 503 }, "pbx_lost"],
  [{ answeredElsewhere: true, cause: "Canceled" }, "answered_elsewhere"],
  [{ answeredElsewhere: true, established: true, cause: "Terminated" }, "continued_elsewhere"],
  [{ outgoing: true, connected: false, originator: "local", cause: "Canceled" }, "reconnecting"],
  [{ connected: false, originator: "local", cause: "Rejected" }, "refused"],
  [{ established: true, outgoing: true, connected: false, cause: "Terminated" }, "ended"],
  [{ established: true, cause: "Terminated" }, "ended"],
  [{ established: true, cause: "RTP Timeout" }, "media_failed"],
  [{ established: true, cause: "WebRTC Error" }, "media_failed"],
  [{ cause: "User Denied Media Access" }, "no_microphone"],
  [{ cause: "Canceled", originator: "local" }, "cancelled"],
  [{ cause: "Rejected", originator: "local" }, "refused"],
  [{ cause: "Rejected", status: 603 }, "refused"],
  [{ cause: "Connection Error" }, "interrupted"],
  [{ cause: "Request Timeout" }, "interrupted"],
  [{ cause: "WebRTC Error" }, "media_failed"],
  [{ cause: "Bad Media Description" }, "media_failed"],
  [{ cause: "Busy", status: 486 }, "busy"],
  [{ cause: "Not Found", status: 404 }, "not_found"],
  [{ cause: "SIP Failure Code", status: 503 }, "unavailable"],
  [{ cause: "Internal Error" }, "interrupted"],
];

for (const [changes, cause] of table) {
  test(`${JSON.stringify(changes)} is ${cause}`, () => assert.equal(localCause({ ...end, ...changes }), cause));
}

test("the page's table of status codes is the gateway's", () => {
  const source = readFileSync(new URL("../../signaling/causes.py", import.meta.url), "utf8");
  const rows = [...source.matchAll(/^ {4}(\d{3}): Cause\.(\w+),$/gm)];
  assert.ok(rows.length > 10);
  for (const [, status, name] of rows) {
    assert.equal(localCause({ ...end, cause: "SIP Failure Code", status: Number(status) }), name?.toLowerCase());
  }
});
