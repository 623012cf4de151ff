/** What `docs/api.md` says goes over the wire. Times are ISO 8601 in UTC. */
export type Role = "agent" | "supervisor" | "admin";
export type Theme = "system" | "light" | "dark";
export type LineState = "idle" | "connecting" | "registering" | "ready" | "offline" | "refused";
export type RecordingState = "off" | "on" | "paused" | "disk_full" | "failed";

export interface Me {
  id: string;
  login: string;
  name: string;
  role: Role;
  language: string;
  theme: Theme;
  account: { id: string; name: string; time_zone: string; country: string };
  line: string | null;
}

export interface Line {
  id: string;
  number: string;
  name: string | null;
  user: string | null;
  uri: string;
  state: LineState;
  reason: string | null;
  detail?: string | null;
  retry_at: string | null;
  handsets: number;
  recording: boolean;
  max_handsets: number;
}

export interface Call {
  id: string;
  line: string;
  agent: string | null;
  direction: "in" | "out";
  state: "dialing" | "ringing" | "active" | "ended";
  number: string;
  name: string | null;
  handset: string | null;
  near_call_id: string | null;
  /** Its handset has gone; until `resume_until` it can come back. */
  detached: boolean;
  resume_until: string | null;
  early_media: boolean;
  held: boolean;
  held_by_other: boolean;
  muted: boolean;
  recording_state: RecordingState;
  cause: string | null;
  sip_status: number | null;
  sip_reason: string | null;
  ended_by: string | null;
  started_at: string;
  answered_at: string | null;
  ended_at: string | null;
  duration: number | null;
  recording: { id: string; state: "processing" | "ready" | "failed"; duration: number | null } | null;
}

export interface CallEvent {
  at: string;
  state: Call["state"];
  cause: string | null;
  held: boolean;
  held_by_other: boolean;
  muted: boolean;
  early_media: boolean;
  recording_state: RecordingState;
  sip_status: number | null;
}

export interface CallDetail extends Call {
  events: CallEvent[];
}

export interface Peaks {
  rate: number;
  agent: number[];
  other: number[];
}

interface Sequenced {
  seq: number;
}

export interface Snapshot extends Sequenced {
  type: "snapshot";
  now: string;
  me: Me;
  line: Line | null;
  calls: Call[];
}

export type FeedMessage =
  | Snapshot
  | (Sequenced & { type: "line"; line: Line })
  | (Sequenced & { type: "lines"; lines: Line[] })
  | (Sequenced & { type: "call"; call: Call });
