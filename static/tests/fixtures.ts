import type { Call, Line, Me, Snapshot } from "../src/api/types.ts";
import { reduce } from "../src/call/reduce.ts";
import { emptyState, type PhoneEvent, type PhoneState } from "../src/call/state.ts";

export const NOW = Date.parse("2026-11-22T12:00:00Z");

export const me: Me = {
  id: "u1",
  login: "ana",
  name: "Ana Souza",
  role: "agent",
  language: "pt-BR",
  theme: "system",
  account: { id: "a1", name: "Empresa", time_zone: "America/Sao_Paulo", country: "BR" },
  line: "l1",
};

export const line: Line = {
  id: "l1",
  number: "1001",
  name: "Ana",
  user: "u1",
  uri: "sip:1001@ramal.invalid",
  state: "ready",
  reason: null,
  retry_at: null,
  handsets: 1,
  recording: true,
  max_handsets: 4,
};

export const call = (changes: Partial<Call> = {}): Call => ({
  id: "c1",
  line: "l1",
  agent: "Ana",
  direction: "out",
  state: "active",
  number: "600",
  name: null,
  handset: null,
  near_call_id: null,
  detached: false,
  resume_until: null,
  early_media: false,
  held: false,
  held_by_other: false,
  muted: false,
  recording_state: "on",
  cause: null,
  sip_status: null,
  sip_reason: null,
  ended_by: null,
  started_at: "2026-11-22T12:00:00Z",
  answered_at: null,
  ended_at: null,
  duration: null,
  recording: null,
  ...changes,
});

export const snapshot = (changes: Partial<Snapshot> = {}): PhoneEvent => ({
  type: "feed",
  at: NOW,
  message: { type: "snapshot", seq: 1, now: "2026-11-22T12:00:10Z", me, line, calls: [], ...changes },
});

export const told = (changes: Partial<Call>, seq = 2): PhoneEvent => ({
  type: "feed",
  at: NOW,
  message: { type: "call", seq, call: call(changes) },
});

export const play = (...events: PhoneEvent[]): PhoneState => events.reduce(reduce, emptyState);

export const dialled = (key = "s1", number = "600"): PhoneEvent => ({
  type: "session-new",
  key,
  direction: "out",
  number,
  name: null,
  call: null,
  resume: null,
  at: NOW,
});

export const rung = (key = "s2", call: string | null = "c2"): PhoneEvent => ({
  type: "session-new",
  key,
  direction: "in",
  number: "1002",
  name: "Bruno",
  call,
  resume: null,
  at: NOW,
});

/** A call that is live comes to this page. */
export const returned = (resume: "detached" | "taken", key = "s9", call = "c1"): PhoneEvent => ({
  type: "session-new",
  key,
  direction: "in",
  number: "600",
  name: null,
  call,
  resume,
  at: NOW,
});
