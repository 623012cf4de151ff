import type { CallEvent } from "../api/types.ts";

export type StepKind =
  | "dialing"
  | "ringing"
  | "early_media"
  | "active"
  | "ended"
  | "held"
  | "resumed"
  | "held_by_other"
  | "resumed_by_other"
  | "muted"
  | "unmuted"
  | "recording";

export interface Step {
  at: string;
  kind: StepKind;
  cause: string | null;
  recording: string | null;
}

/** What happened in a call: the journal keeps whole views, a reader wants what each one changed. */
export function steps(events: readonly CallEvent[]): Step[] {
  const result: Step[] = [];
  let before: CallEvent | undefined;
  for (const event of events) {
    for (const kind of changes(before, event)) {
      result.push({
        at: event.at,
        kind,
        cause: kind === "ended" ? event.cause : null,
        recording: kind === "recording" ? event.recording_state : null,
      });
    }
    before = event;
  }
  return result;
}

function changes(before: CallEvent | undefined, now: CallEvent): StepKind[] {
  const found: StepKind[] = [];
  if (before?.state !== now.state) found.push(now.state);
  if (now.state === "ended") return found;
  if (now.early_media && !before?.early_media) found.push("early_media");
  if (now.held !== (before?.held ?? false)) found.push(now.held ? "held" : "resumed");
  if (now.held_by_other !== (before?.held_by_other ?? false))
    found.push(now.held_by_other ? "held_by_other" : "resumed_by_other");
  if (now.muted !== (before?.muted ?? false)) found.push(now.muted ? "muted" : "unmuted");
  if (now.recording_state !== (before?.recording_state ?? "off")) found.push("recording");
  return found;
}
