/**
 * What is wished of an established call, until it can be done: by a person (hang up, hold, resume) or because the
 * network changed (an ICE restart). While the connection is down JsSIP would end the call here and leave the other side
 * up, and while another offer is under way it does nothing; so a wish waits, and the latest one counts.
 */
export interface Wishes {
  hangUp: boolean;
  /** Null where nothing is wished. */
  held: boolean | null;
  restart: boolean;
}

export interface Facts {
  registered: boolean;
  /** The 200 was acknowledged. */
  confirmed: boolean;
  /** No offer is under way. */
  free: boolean;
  held: boolean;
}

export type Step = "hang-up" | "hold" | "resume" | "restart";

export const noWishes: Wishes = { hangUp: false, held: null, restart: false };

/** What is to be done, or null. Only hold, resume and hang-up are a person's; they go first. */
export function wished(wishes: Wishes, held: boolean): Step | null {
  if (wishes.hangUp) return "hang-up";
  if (wishes.held !== null && wishes.held !== held) return wishes.held ? "hold" : "resume";
  // A call on hold has no audio to lose; taking it back makes a new offer anyway.
  return wishes.restart && !held ? "restart" : null;
}

/** The step that can be done now; "wait" where one is wished that cannot be done yet. */
export function nextStep(wishes: Wishes, facts: Facts): Step | "wait" | null {
  const step = wished(wishes, facts.held);
  if (step === null) return null;
  if (!facts.registered) return "wait";
  if (step === "hang-up") return step;
  return facts.confirmed && facts.free ? step : "wait";
}

/** What is left to wish for after `step` was done. */
export function fulfilled(wishes: Wishes, step: Step): Wishes {
  switch (step) {
    case "hang-up":
      return noWishes;
    case "hold":
    case "resume":
      return wishes.held === (step === "hold") ? { ...wishes, held: null } : wishes;
    case "restart":
      return { ...wishes, restart: false };
  }
}

/** Milliseconds before a step that failed is tried again; null: not any more. */
export function retryAfter(failures: number): number | null {
  return failures < 4 ? 500 * 2 ** failures : null;
}
