import assert from "node:assert/strict";
import { test } from "node:test";
import { groupNumber } from "../src/number/group.ts";
import { readNumber } from "../src/number/read.ts";

const read: [string, string][] = [
  ["(11) 98765-4321", "11987654321"],
  ["+55 (11) 98765-4321", "+5511987654321"],
  ["(+55) 11 98765.4321", "+5511987654321"],
  ["+44 (0)20 7946 0958", "+442079460958"],
  ["(0) 11 3030 4040", "01130304040"],
  ["011 3030-4040", "01130304040"],
  ["tel:+55-11-98765-4321;phone-context=example.com", "+5511987654321"],
  ["tel:%2B5511987654321", "+5511987654321"],
  ["callto://1001", "1001"],
  ["sip:1002@pbx.example.com:5060;transport=tls", "1002"],
  ["SIPS:600@x", "600"],
  ["sip:%zz1001@x", "1001"],
  ["１１９８７６５４３２１", "11987654321"],
  ["  600\n", "600"],
  ["*72#", "*72#"],
  ["190", "190"],
  ["Ligue: 4004-1234", "40041234"],
  ["sem número", ""],
  ["+", ""],
  ["", ""],
];
for (const [text, number] of read)
  test(`reads ${JSON.stringify(text)} as ${number}`, () => assert.equal(readNumber(text), number));

test("a number has an end", () => assert.equal(readNumber("9".repeat(5000)).length, 64));

test("reading hostile text takes no time", () => {
  const began = performance.now();
  readNumber("(".repeat(100_000));
  readNumber(`sip:${"%".repeat(100_000)}`);
  groupNumber("1".repeat(100_000));
  assert.ok(performance.now() - began < 50);
});

const grouped: [string, string][] = [
  ["11987654321", "(11) 98765-4321"],
  ["1130304040", "(11) 3030-4040"],
  ["+5511987654321", "+55 (11) 98765-4321"],
  ["+551199", "+551 199"],
  ["+442079460958", "+442 079 460 958"],
  ["+1", "+1"],
  ["011987654321", "0(11) 98765-4321"],
  ["00000000000", "00000000000"],
  ["08007771234", "0800 777 1234"],
  ["40041234", "4004-1234"],
  ["32229988", "3222-9988"],
  ["987654321", "98765-4321"],
  ["1001", "1001"],
  ["190", "190"],
  ["600", "600"],
  ["*72#", "*72#"],
  ["", ""],
];
for (const [number, text] of grouped)
  test(`groups ${number} as ${text}`, () => assert.equal(groupNumber(number), text));
