import { newWatch, watchAudio, type AudioWatch } from "../call/audio-watch.ts";

const EVERY = 500;

export interface ListenerHandlers {
  registered(): boolean;
  talking(): boolean;
  lost(lost: boolean): void;
  restart(): void;
}

/** Looks whether anything comes in on a connection, and asks for an ICE restart when nothing does. */
export class Listener {
  #connection: RTCPeerConnection;
  #handlers: ListenerHandlers;
  #watch: AudioWatch = newWatch;
  #timer: ReturnType<typeof setInterval>;
  #looking = false;

  constructor(connection: RTCPeerConnection, handlers: ListenerHandlers) {
    this.#connection = connection;
    this.#handlers = handlers;
    this.#timer = setInterval(() => void this.#look(), EVERY);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#connection.connectionState === "closed") return;
    this.#looking = true;
    try {
      const packets = await packetsOf(this.#connection);
      const { talking, registered } = this.#handlers;
      const sample = { at: performance.now(), ice: this.#connection.iceConnectionState, packets };
      const before = this.#watch;
      const { watch, restart } = watchAudio(before, { ...sample, talking: talking(), registered: registered() });
      this.#watch = watch;
      if (watch.lost !== before.lost) this.#handlers.lost(watch.lost);
      if (restart) this.#handlers.restart();
    } finally {
      this.#looking = false;
    }
  }
}

/** RTP and what answers our STUN checks: a side that is silent on purpose still answers those. */
async function packetsOf(connection: RTCPeerConnection): Promise<number> {
  let packets = 0;
  for (const report of (await connection.getStats()).values() as Iterable<Record<string, unknown>>) {
    const { type, packetsReceived, responsesReceived, requestsReceived } = report;
    if (type !== "inbound-rtp" && type !== "candidate-pair") continue;
    for (const count of [packetsReceived, responsesReceived, requestsReceived])
      packets += typeof count === "number" ? count : 0;
  }
  return packets;
}
