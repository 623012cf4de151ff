import type { Call, FeedMessage } from "../api/types.ts";
import { callOf } from "./cards.ts";
import type { PhoneEvent, PhoneState, Session } from "./state.ts";

/** Ended calls that are kept for their card; the history has all of them. */
const MAX_ENDED = 8;

/** The state after `event`. Pure; an event about a session that is not there changes nothing. */
export function reduce(state: PhoneState, event: PhoneEvent): PhoneState {
  switch (event.type) {
    case "feed":
      return fed(state, event.message, event.at);
    case "feed-lost":
      return { ...state, feed: state.feed === "connecting" ? "connecting" : "lost" };
    case "me":
      return { ...state, me: event.me };
    case "lines":
      return { ...state, lines: event.lines };
    case "registered":
      return { ...state, registered: event.registered };
    case "microphone":
      return { ...state, microphone: event.trouble };
    case "session-over":
      return { ...state, sessionOver: true };
    case "session-new":
      return opened(state, event);
    case "session-sent":
      return changed(state, event.key, (session) => ({ ...session, sipCallId: event.sipCallId }));
    case "session-progress":
      return changed(state, event.key, (session) => progressed(session, event.call, event.earlyMedia));
    case "session-answering":
      return changed(state, event.key, (session) => ({ ...session, state: "answering" }));
    case "session-accepted":
      return changed(state, event.key, (session) => ({
        ...session,
        state: "accepted",
        call: event.call ?? session.call,
        acceptedAt: session.acceptedAt ?? event.at,
      }));
    case "session-muted":
      return changed(state, event.key, (session) => ({ ...session, muted: event.muted }));
    case "session-hold":
      return changed(state, event.key, (session) => ({ ...session, holdWanted: event.wanted }));
    case "session-waiting":
      return changed(state, event.key, (session) => ({ ...session, waiting: event.step }));
    case "session-audio":
      return changed(state, event.key, (session) => ({ ...session, audioLost: event.lost }));
    case "session-ended":
      return changed(state, event.key, (session) => ({
        ...session,
        state: "ended",
        cause: event.cause,
        endedAt: event.at,
      }));
    case "dismiss":
      return dismissed(state, event.key);
    case "handset":
      return { ...state, handset: event.handset };
    case "taking":
      return { ...state, taking: { call: event.call, error: null } };
    case "take-failed":
      return state.taking?.call === event.call ? { ...state, taking: { call: event.call, error: event.error } } : state;
  }
}

function fed(state: PhoneState, message: FeedMessage, at: number): PhoneState {
  const next = { ...state, seq: message.seq };
  switch (message.type) {
    case "snapshot":
      return {
        ...next,
        feed: "live",
        clockAhead: Date.parse(message.now) - at,
        me: message.me,
        line: message.line,
        calls: { ...onlyEnded(state.calls), ...byId(message.calls) },
      };
    case "lines":
      return { ...next, lines: message.lines };
    case "line":
      return {
        ...next,
        line: state.me?.line === message.line.id ? message.line : state.line,
        lines: state.lines.map((line) => (line.id === message.line.id ? message.line : line)),
      };
    case "call":
      // Supervisors are told of every call of the account; only those of the own line have a card.
      if (state.me?.line !== message.call.line) return next;
      return { ...next, calls: trimmed({ ...state.calls, [message.call.id]: message.call }) };
  }
}

function opened(state: PhoneState, event: Extract<PhoneEvent, { type: "session-new" }>): PhoneState {
  const known = event.call === null ? undefined : state.calls[event.call];
  const session: Session = {
    key: event.key,
    direction: event.direction,
    state: event.resume ? "answering" : event.direction === "out" ? "dialing" : "ringing",
    sipCallId: null,
    call: event.call,
    number: event.number,
    name: event.name,
    earlyMedia: false,
    muted: event.resume !== null && (known?.muted ?? false),
    holdWanted: event.resume !== null && (known?.held ?? false),
    resume: event.resume,
    waiting: null,
    audioLost: false,
    startedAt: event.at,
    acceptedAt: null,
    endedAt: null,
    cause: null,
  };
  // A call that is offered again takes the place of its own earlier session.
  const again = (other: Session): boolean => event.resume !== null && callOf(state, other)?.id === event.call;
  const others = state.sessions.filter((other) => other.state !== "ended" && !again(other));
  const taking = event.call === state.taking?.call ? null : state.taking;
  return { ...state, sessions: [...others, session], left: left(state, others), taking };
}

function progressed(session: Session, call: string | null, earlyMedia: boolean): Session {
  return {
    ...session,
    state: session.state === "dialing" ? "ringing" : session.state,
    call: call ?? session.call,
    earlyMedia: session.earlyMedia || earlyMedia,
  };
}

function dismissed(state: PhoneState, key: string): PhoneState {
  const sessions = state.sessions.filter((session) => session.key !== key || session.state !== "ended");
  return {
    ...state,
    dismissed: [...state.dismissed.slice(-MAX_ENDED), key],
    sessions,
    left: left(state, sessions),
  };
}

/** With the calls of the sessions that are not among `kept` any more. */
function left(state: PhoneState, kept: Session[]): string[] {
  const gone = state.sessions.filter((session) => !kept.includes(session)).map((session) => callOf(state, session)?.id);
  return [...state.left, ...gone.filter((id) => id !== undefined)].slice(-MAX_ENDED);
}

function changed(state: PhoneState, key: string, change: (session: Session) => Session): PhoneState {
  if (!state.sessions.some((session) => session.key === key && session.state !== "ended")) return state;
  return { ...state, sessions: state.sessions.map((session) => (session.key === key ? change(session) : session)) };
}

function onlyEnded(calls: Record<string, Call>): Record<string, Call> {
  return Object.fromEntries(Object.entries(calls).filter(([, call]) => call.state === "ended"));
}

function byId(calls: Call[]): Record<string, Call> {
  return Object.fromEntries(calls.map((call) => [call.id, call]));
}

function trimmed(calls: Record<string, Call>): Record<string, Call> {
  const ended = Object.values(calls).filter((call) => call.state === "ended");
  const surplus = new Set(ended.slice(0, Math.max(0, ended.length - MAX_ENDED)).map((call) => call.id));
  return Object.fromEntries(Object.entries(calls).filter(([id]) => !surplus.has(id)));
}
