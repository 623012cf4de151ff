import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import {
  callStateText,
  causeText,
  endedByText,
  errorText,
  everyCode,
  lineReasonText,
  lineStateText,
  recordingText,
  roleText,
} from "../src/i18n/codes.ts";
import { language, lookup, n, t, useCatalog } from "../src/i18n/index.ts";

afterEach(() => useCatalog({ language: "en", messages: {} }));

test("a text without a translation is itself, with its values", () => {
  assert.equal(t("Call {number}", { number: "600" }), "Call 600");
  assert.equal(t("{who} of {what}", { who: "a" }), "a of {what}");
  assert.equal(n("{count} call", "{count} calls", 1), "1 call");
  assert.equal(n("{count} call", "{count} calls", 2), "2 calls");
});

test("Portuguese counts zero as one, Spanish does not; a million takes the second form in both", () => {
  const messages = { "{count} call": ["{count} um", "{count} muitos"] };
  const forms = (tag: string) => {
    useCatalog({ language: tag, messages });
    assert.equal(language(), tag);
    return [0, 1, 2, 1_000_000].map((count) => n("{count} call", "{count} calls", count));
  };
  assert.deepEqual(forms("pt-BR"), ["0 um", "1 um", "2 muitos", "1000000 muitos"]);
  assert.deepEqual(forms("es"), ["0 muitos", "1 um", "2 muitos", "1000000 muitos"]);
  assert.deepEqual(forms("en"), ["0 muitos", "1 um", "2 muitos", "1000000 muitos"]);
});

test("an empty translation is none", () => {
  useCatalog({ language: "es", messages: { Call: "", "{count} call": ["", ""] } });
  assert.equal(t("Call"), "Call");
  assert.equal(lookup("Call"), undefined);
  assert.equal(n("{count} call", "{count} calls", 3), "3 calls");
});

test("codes that the catalogue has are words; unknown ones never show as nothing", () => {
  const messages = Object.fromEntries(everyCode().map((id) => [id, `<${id}>`]));
  useCatalog({ language: "en", messages });
  assert.equal(causeText("busy"), "<cause.busy>");
  assert.equal(causeText("new"), "<cause.unavailable>");
  assert.equal(errorText("new"), "<error.unknown>");
  assert.equal(endedByText("new"), "");
  for (const text of [lineStateText, lineReasonText, recordingText, roleText, callStateText])
    assert.equal(text("new"), "new");
  assert.equal(lineStateText("ready"), "<line.state.ready>");
  assert.equal(lineReasonText("tls"), "<line.reason.tls>");
  assert.equal(recordingText("on"), "<recording.on>");
  assert.equal(roleText("agent"), "<role.agent>");
  assert.equal(callStateText("ended"), "<call.state.ended>");
  assert.equal(endedByText("other"), "<ended_by.other>");
  assert.equal(errorText("no_line"), "<error.no_line>");
});
