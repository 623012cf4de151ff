/**
 * The state of the phone page. Two sources feed it and neither is guessed: the gateway's feed (line, calls: what is
 * true) and the page's own SIP sessions (audio: what was done here a moment ago).
 */
import type { Call, FeedMessage, Line, Me } from "../api/types.ts";
import type { Step } from "./wishes.ts";

/** `X-Ramal-Resume`: it lost its page, or this page asked for it. */
export type Resume = "detached" | "taken";

export type MicrophoneTrouble = "denied" | "missing" | "taken" | "insecure" | "lost" | "unknown";

/**
 * A SIP session of this page.
 *
 *     dialing -> ringing -> accepted -> ended        outgoing
 *     ringing -> answering -> accepted -> ended      incoming
 *                answering -> accepted -> ended      a live call that comes back, or that is taken from another screen
 */
export interface Session {
  key: string;
  direction: "in" | "out";
  state: "dialing" | "ringing" | "answering" | "accepted" | "ended";
  sipCallId: string | null;
  call: string | null;
  number: string;
  name: string | null;
  earlyMedia: boolean;
  muted: boolean;
  holdWanted: boolean;
  /** Why the gateway offers a call that is live already, else null. */
  resume: Resume | null;
  /** What is wished of the call and waits for the connection. */
  waiting: Step | null;
  /** Nothing comes in, and ICE is being restarted. */
  audioLost: boolean;
  startedAt: number;
  acceptedAt: number | null;
  endedAt: number | null;
  cause: string | null;
}

export interface PhoneState {
  feed: "connecting" | "live" | "lost";
  seq: number;
  /** Milliseconds that the gateway's clock is ahead of the page's. */
  clockAhead: number;
  me: Me | null;
  line: Line | null;
  lines: Line[];
  calls: Record<string, Call>;
  sessions: Session[];
  registered: boolean;
  /** Why the last attempt to open the microphone failed. */
  microphone: MicrophoneTrouble | null;
  /** The session is over, and the page stays only for the call that is running. */
  sessionOver: boolean;
  /** The call cards that a person has closed, by key. */
  dismissed: string[];
  /** This page's id at the gateway. */
  handset: string | null;
  /** The live calls that were over for this page by its own doing; the gateway may take a moment to say the same. */
  left: string[];
  /** The call that is being taken from another screen; `error` is the code of the refusal. */
  taking: { call: string; error: string | null } | null;
}

export type PhoneEvent =
  | { type: "feed"; message: FeedMessage; at: number }
  | { type: "feed-lost" }
  | { type: "me"; me: Me }
  | { type: "lines"; lines: Line[] }
  | { type: "registered"; registered: boolean }
  | { type: "microphone"; trouble: MicrophoneTrouble | null }
  | { type: "session-over" }
  | {
      type: "session-new";
      key: string;
      direction: "in" | "out";
      number: string;
      name: string | null;
      call: string | null;
      resume: Resume | null;
      at: number;
    }
  | { type: "session-sent"; key: string; sipCallId: string }
  | { type: "session-progress"; key: string; call: string | null; earlyMedia: boolean }
  | { type: "session-answering"; key: string }
  | { type: "session-accepted"; key: string; call: string | null; at: number }
  | { type: "session-muted"; key: string; muted: boolean }
  | { type: "session-hold"; key: string; wanted: boolean }
  | { type: "session-waiting"; key: string; step: Step | null }
  | { type: "session-audio"; key: string; lost: boolean }
  | { type: "session-ended"; key: string; cause: string; at: number }
  | { type: "dismiss"; key: string }
  | { type: "handset"; handset: string }
  | { type: "taking"; call: string }
  | { type: "take-failed"; call: string; error: string };

export const emptyState: PhoneState = {
  feed: "connecting",
  seq: 0,
  clockAhead: 0,
  me: null,
  line: null,
  lines: [],
  calls: {},
  sessions: [],
  registered: false,
  microphone: null,
  sessionOver: false,
  dismissed: [],
  handset: null,
  left: [],
  taking: null,
};
