import type { Call, RecordingState } from "../api/types.ts";
import type { PhoneState, Session } from "./state.ts";
import type { Step } from "./wishes.ts";

export type CardState = "dialing" | "ringing-out" | "ringing-in" | "active" | "held" | "ended";

/** Where the audio of a call is: on this page, on its way back to a page, or on another page of this line. */
export type Where = "here" | "returning" | "elsewhere";

/** What one call card shows. */
export interface Card {
  key: string;
  state: CardState;
  call: string | null;
  where: Where;
  /** It can be taken to this page. */
  takable: boolean;
  taking: boolean;
  takeError: string | null;
  /** What is wished and waits for the connection. */
  waiting: Step | null;
  audioLost: boolean;
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

/** A session that ended here for a reason that did not end the call. */
const AWAY: (string | null)[] = ["answered_elsewhere", "continued_elsewhere", "reconnecting"];

/** The cards of the page: the conversation first, then one on hold, then one that rings. */
export function cards(state: PhoneState): Card[] {
  const used = new Set<string>();
  const result: Card[] = [];
  for (const session of state.sessions) {
    const call = callOf(state, session);
    if (call && isAway(session, call)) continue;
    if (call) used.add(call.id);
    if (!state.dismissed.includes(session.key)) result.push(fromSession(state, session, call));
  }
  for (const call of Object.values(state.calls)) {
    if (!used.has(call.id) && isLive(state, call)) result.push(fromCall(state, call));
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
  return card.state === "held" || card.where === "elsewhere" ? 1 : 0;
}

/** The call went on without this session: it has a card of its own while it is live, and none here after that. */
function isAway(session: Session, call: Call): boolean {
  if (session.state !== "ended" || !AWAY.includes(session.cause)) return false;
  // What ended without ever coming back here is told, and so is what the PBX itself gave to another phone.
  return call.state !== "ended" || (session.cause !== "reconnecting" && call.cause !== "answered_elsewhere");
}

function isLive(state: PhoneState, call: Call): boolean {
  if (state.left.includes(call.id) && isOwn(state, call) && !call.detached) return false;
  return (
    call.state === "active" || (call.direction === "out" && (call.state === "dialing" || call.state === "ringing"))
  );
}

function isOwn(state: PhoneState, call: Call): boolean {
  return call.handset !== null && call.handset === state.handset;
}

function fromSession(state: PhoneState, session: Session, call: Call | undefined): Card {
  const ended = session.state === "ended" || call?.state === "ended";
  const returning = session.resume !== null && session.state === "answering";
  return {
    key: session.key,
    state: ended ? "ended" : liveState(session, call),
    call: session.call ?? call?.id ?? null,
    where: returning ? "returning" : "here",
    takable: false,
    taking: false,
    takeError: null,
    waiting: session.waiting,
    audioLost: session.audioLost,
    direction: call?.direction ?? session.direction,
    number: call?.number || session.number,
    name: call?.name ?? session.name,
    answering: session.state === "answering",
    muted: session.muted,
    heldByOther: call?.held_by_other ?? false,
    recording: call?.recording_state ?? "off",
    earlyMedia: session.earlyMedia || (session.resume !== null && (call?.early_media ?? false)),
    startedAt: session.startedAt,
    // A call that came back is as old as it is, not as old as this page's part in it.
    acceptedAt: session.resume && call ? local(state, call.answered_at) : session.acceptedAt,
    endedAt: session.endedAt ?? local(state, call?.ended_at ?? null),
    cause: causeOf(session, call),
    endedBy: call?.ended_by ?? null,
  };
}

/** The gateway's word where there is one. */
function causeOf(session: Session, call: Call | undefined): string | null {
  const own = session.cause === "reconnecting" ? "interrupted" : session.cause;
  return call?.state === "ended" ? (call.cause ?? own) : own;
}

function liveState(session: Session, call: Call | undefined): CardState {
  if (session.resume && call) return stateOf(call);
  if (session.resume) return session.holdWanted ? "held" : "active";
  if (session.state === "accepted") return (call?.held ?? session.holdWanted) ? "held" : "active";
  if (session.direction === "in") return "ringing-in";
  return session.state === "ringing" || call?.state === "ringing" ? "ringing-out" : "dialing";
}

function stateOf(call: Call): CardState {
  if (call.state === "active") return call.held ? "held" : "active";
  return call.state === "ringing" ? "ringing-out" : "dialing";
}

function fromCall(state: PhoneState, call: Call): Card {
  const own = isOwn(state, call);
  return {
    key: call.id,
    state: stateOf(call),
    call: call.id,
    where: own || call.detached ? "returning" : "elsewhere",
    // One's own comes back by itself, unless this page cannot take it: without a microphone.
    takable: call.state === "active" && (!own || state.microphone !== null),
    taking: state.taking?.call === call.id && state.taking.error === null,
    takeError: state.taking?.call === call.id ? state.taking.error : null,
    waiting: null,
    audioLost: false,
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
