import type { Call, RecordingState } from "../api/types.ts";
import type { PhoneState, Session } from "./state.ts";

export type CardState = "dialing" | "ringing-out" | "ringing-in" | "active" | "held" | "ended";

/** What one call card shows. `elsewhere`: the call is live on another page of this line, without audio here. */
export interface Card {
  key: string;
  state: CardState;
  call: string | null;
  elsewhere: boolean;
  direction: "in" | "out";
  number: string;
  name: string | null;
  answering: boolean;
  muted: boolean;
  heldByOther: boolean;
  recording: RecordingState;
  earlyMedia: boolean;
  /** Milliseconds of the page's clock. */
  startedAt: number;
  acceptedAt: number | null;
  endedAt: number | null;
  cause: string | null;
  endedBy: string | null;
}

/** The cards of the page: the conversation first, then one on hold, then one that rings. */
export function cards(state: PhoneState): Card[] {
  const used = new Set<string>();
  const result: Card[] = [];
  for (const session of state.sessions) {
    const call = callOf(state, session);
    if (call) used.add(call.id);
    if (!state.dismissed.includes(session.key)) result.push(fromSession(state, session, call));
  }
  for (const call of Object.values(state.calls)) {
    if (!used.has(call.id) && isElsewhere(call)) result.push(fromCall(state, call));
  }
  const live = result.filter((card) => card.state !== "ended");
  // An ended call steps back as soon as there is another one to look at.
  return live.length ? live.sort((a, b) => rank(a) - rank(b)) : result.slice(-1);
}

/** The gateway's call of a session: by the id that it told, or by the Call-ID that the page chose. */
export function callOf(state: PhoneState, session: Session): Call | undefined {
  if (session.call) return state.calls[session.call];
  if (!session.sipCallId) return undefined;
  return Object.values(state.calls).find((call) => call.near_call_id === session.sipCallId);
}

function rank(card: Card): number {
  if (card.state === "ringing-in") return 2;
  return card.state === "held" ? 1 : 0;
}

function isElsewhere(call: Call): boolean {
  return (
    call.state === "active" || (call.direction === "out" && (call.state === "dialing" || call.state === "ringing"))
  );
}

function fromSession(state: PhoneState, session: Session, call: Call | undefined): Card {
  const ended = session.state === "ended" || call?.state === "ended";
  return {
    key: session.key,
    state: ended ? "ended" : liveState(session, call),
    call: session.call ?? call?.id ?? null,
    elsewhere: false,
    direction: session.direction,
    number: call?.number || session.number,
    name: call?.name ?? session.name,
    answering: session.state === "answering",
    muted: session.muted,
    heldByOther: call?.held_by_other ?? false,
    recording: call?.recording_state ?? "off",
    earlyMedia: session.earlyMedia,
    startedAt: session.startedAt,
    acceptedAt: session.acceptedAt,
    endedAt: session.endedAt ?? local(state, call?.ended_at ?? null),
    cause: causeOf(session, call),
    endedBy: call?.ended_by ?? null,
  };
}

/** The gateway's word, except where this page's part was over before the call was: another page answered it. */
function causeOf(session: Session, call: Call | undefined): string | null {
  if (call?.state !== "ended" || session.cause === "answered_elsewhere") return session.cause;
  return call.cause ?? session.cause;
}

function liveState(session: Session, call: Call | undefined): CardState {
  if (session.state === "accepted") return (call?.held ?? session.holdWanted) ? "held" : "active";
  if (session.direction === "in") return "ringing-in";
  return session.state === "ringing" || call?.state === "ringing" ? "ringing-out" : "dialing";
}

function fromCall(state: PhoneState, call: Call): Card {
  const ringing = call.state === "ringing" ? "ringing-out" : "dialing";
  return {
    key: call.id,
    state: call.state === "active" ? (call.held ? "held" : "active") : ringing,
    call: call.id,
    elsewhere: true,
    direction: call.direction,
    number: call.number,
    name: call.name,
    answering: false,
    muted: call.muted,
    heldByOther: call.held_by_other,
    recording: call.recording_state,
    earlyMedia: false,
    startedAt: Date.parse(call.started_at) - state.clockAhead,
    acceptedAt: local(state, call.answered_at),
    endedAt: null,
    cause: null,
    endedBy: null,
  };
}

function local(state: PhoneState, time: string | null): number | null {
  return time === null ? null : Date.parse(time) - state.clockAhead;
}
