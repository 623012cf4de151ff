/**
 * When the audio of a call is lost because the agent's network changed: an ICE restart brings it back (RFC 8445,
 * section 2.4). Two seconds of `disconnected`, or three without a packet, as long as the call is not on hold.
 */
const DISCONNECTED = 2_000;
const SILENT = 3_000;
const MOST_TRIES = 6;
const BETWEEN = 4_000;
const LONGEST_BETWEEN = 16_000;

export interface Sample {
  /** Milliseconds of any clock that does not jump back. */
  at: number;
  ice: RTCIceConnectionState;
  /** A count that changes with every packet that comes in, STUN included. */
  packets: number;
  /** Established, and on hold from neither side. */
  talking: boolean;
  registered: boolean;
}

export interface AudioWatch {
  packets: number;
  heardAt: number | null;
  disconnectedAt: number | null;
  lost: boolean;
  tries: number;
  triedAt: number | null;
}

export const newWatch: AudioWatch = {
  packets: 0,
  heardAt: null,
  disconnectedAt: null,
  lost: false,
  tries: 0,
  triedAt: null,
};

/** The watch after `sample`, and whether ICE is to be restarted now. */
export function watchAudio(watch: AudioWatch, sample: Sample): { watch: AudioWatch; restart: boolean } {
  const { at, ice, packets } = sample;
  if (!sample.talking) return { watch: { ...newWatch, packets }, restart: false };
  const heardAt = packets !== watch.packets ? at : watch.heardAt;
  const down = ice === "disconnected" || ice === "failed";
  const disconnectedAt = down ? (watch.disconnectedAt ?? at) : null;
  const silent = heardAt !== null && at - heardAt >= SILENT;
  const lost = silent || ice === "failed" || (disconnectedAt !== null && at - disconnectedAt >= DISCONNECTED);
  const next: AudioWatch = { ...watch, packets, heardAt, disconnectedAt, lost };
  if (!lost) return { watch: { ...next, tries: 0, triedAt: null }, restart: false };
  if (!sample.registered || !due(next, at)) return { watch: next, restart: false };
  return { watch: { ...next, tries: next.tries + 1, triedAt: at }, restart: true };
}

function due(watch: AudioWatch, at: number): boolean {
  if (watch.tries >= MOST_TRIES) return false;
  const wait = Math.min(BETWEEN * 2 ** Math.max(0, watch.tries - 1), LONGEST_BETWEEN);
  return watch.triedAt === null || at - watch.triedAt >= wait;
}
