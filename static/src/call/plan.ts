/** What follows from the cards: which tone plays, what a screen reader says, what the window's title is. */
import type { Call } from "../api/types.ts";
import type { Card } from "./cards.ts";
import type { PhoneState } from "./state.ts";

export type Tone = "ring" | "waiting" | "ringback" | "none";

export function tone(cards: Card[]): Tone {
  const ringing = cards.some((card) => card.state === "ringing-in" && !card.answering);
  const talking = cards.some((card) => card.where !== "elsewhere" && (card.state === "active" || card.state === "held"));
  if (ringing) return talking ? "waiting" : "ring";
  const waiting = cards.some((card) => card.state === "ringing-out" && card.where !== "elsewhere" && !card.earlyMedia);
  return waiting ? "ringback" : "none";
}

export type AnnouncementKind =
  "ringing-in" | "ringing-out" | "active" | "held" | "resumed" | "ended" | "returning" | "moved";
export type Announcement = { kind: AnnouncementKind; card: Card };

/** What changed between two sets of cards and is worth saying aloud. */
export function announcements(before: Card[], after: Card[]): Announcement[] {
  return after.flatMap((card) => {
    const old = before.find((one) => one.key === card.key || (one.call !== null && one.call === card.call));
    const kind = changeOf(old, card);
    return kind === null ? [] : [{ kind, card }];
  });
}

function changeOf(old: Card | undefined, card: Card): AnnouncementKind | null {
  const talking = card.state === "active" || card.state === "held";
  if (talking && card.where !== (old?.where ?? "here")) {
    if (card.where !== "here") return card.where === "returning" ? "returning" : "moved";
    return card.state === "active" ? "resumed" : "held";
  }
  if (card.state === "dialing" || (old?.state === card.state && (card.state !== "ended" || old.cause === card.cause)))
    return null;
  return card.state === "active" && old?.state === "held" ? "resumed" : card.state;
}

export type Readiness =
  "no-line" | "feed-lost" | "idle" | "connecting" | "registering" | "ready" | "offline" | "refused";

/** Whether calls can be made and received, as the gateway sees it; ready only when this page is attached as well. */
export function readiness(state: PhoneState): Readiness {
  if (state.feed !== "live") return state.feed === "lost" ? "feed-lost" : "connecting";
  if (!state.line) return "no-line";
  if (state.line.state === "ready") return state.registered ? "ready" : "registering";
  return state.line.state;
}

/** Whether this page has a call, or is about to get one back. */
export function inCall(cards: Card[]): boolean {
  return cards.some((card) => card.where !== "elsewhere" && card.state !== "ended");
}

/** The sessions of this page whose calls the gateway does not have any more: their end was said to nobody. */
export function vanished(state: PhoneState): string[] {
  if (state.feed !== "live") return [];
  return state.sessions
    .filter(({ state: at, call }) => at === "accepted" && call !== null && isOver(state.calls[call]))
    .map((session) => session.key);
}

function isOver(call: Call | undefined): boolean {
  return call === undefined || call.state === "ended";
}
