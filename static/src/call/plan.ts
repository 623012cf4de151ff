/** What follows from the cards: which tone plays, what a screen reader says, what the window's title is. */
import type { Card } from "./cards.ts";
import type { PhoneState } from "./state.ts";

export type Tone = "ring" | "waiting" | "ringback" | "none";

export function tone(cards: Card[]): Tone {
  const ringing = cards.some((card) => card.state === "ringing-in" && !card.answering);
  const talking = cards.some((card) => !card.elsewhere && (card.state === "active" || card.state === "held"));
  if (ringing) return talking ? "waiting" : "ring";
  const waiting = cards.some((card) => card.state === "ringing-out" && !card.elsewhere && !card.earlyMedia);
  return waiting ? "ringback" : "none";
}

export type Announcement = { kind: "ringing-in" | "ringing-out" | "active" | "held" | "resumed" | "ended"; card: Card };

/** What changed between two sets of cards and is worth saying aloud. */
export function announcements(before: Card[], after: Card[]): Announcement[] {
  const earlier = new Map(before.map((card) => [card.key, card]));
  const said: Announcement[] = [];
  for (const card of after) {
    const old = earlier.get(card.key);
    if (old?.state === card.state && (card.state !== "ended" || old.cause === card.cause)) continue;
    if (card.state === "dialing") continue;
    const kind = card.state === "active" && old?.state === "held" ? "resumed" : card.state;
    said.push({ kind, card });
  }
  return said;
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

/** Whether a reload or a closed window would cut a conversation. */
export function inCall(cards: Card[]): boolean {
  return cards.some((card) => !card.elsewhere && card.state !== "ended");
}
