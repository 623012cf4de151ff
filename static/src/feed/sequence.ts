import type { FeedMessage } from "../api/types.ts";

/** What to do with a message of the feed, given the number of the last one (0: none since the connection opened). */
export function verdict(last: number, message: FeedMessage): "take" | "gap" {
  if (message.type === "snapshot") return "take";
  return last > 0 && message.seq === last + 1 ? "take" : "gap";
}

/** Reads one frame; `undefined` for what is not a message of ours. */
export function parseFrame(data: unknown): FeedMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== "object" || value === null) return undefined;
    const { type, seq } = value as { type?: unknown; seq?: unknown };
    if (typeof seq !== "number" || !["snapshot", "line", "lines", "call"].includes(String(type))) return undefined;
    return value as FeedMessage;
  } catch {
    return undefined;
  }
}

/** Milliseconds before attempt number `attempt` (from 0): 0.5 s doubling to 10 s, with up to a quarter of jitter. */
export function backOff(attempt: number, random: number): number {
  const base = Math.min(500 * 2 ** Math.min(attempt, 10), 10_000);
  return Math.round(base * (1 + random / 4));
}
