import type { Tone } from "../call/plan.ts";
import { preference } from "../storage.ts";

/** On and off, in seconds, of 425 Hz: the cadences of the Brazilian network (Anatel) for ring and ringback. */
const CADENCES: Record<Exclude<Tone, "none">, { on: number; off: number; gain: number }> = {
  ring: { on: 1, off: 2, gain: 0.35 },
  ringback: { on: 1, off: 4, gain: 0.08 },
  waiting: { on: 0.25, off: 3.75, gain: 0.08 },
};
const FREQUENCY = 425;
const EDGE = 0.02;
/** Milliseconds that a browser may take to start sound. */
const STARTING = 1000;

type Sinkable = AudioContext & { setSinkId?: (id: string) => Promise<void> };

/** Plays the tone that the calls ask for. A browser may keep an AudioContext silent until a person has clicked. */
export class Tones {
  #context: Sinkable | null = null;
  #playing: Tone = "none";
  #stop: (() => void) | undefined;
  #since = 0;
  #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Whether sound was asked for already. */
  get ready(): boolean {
    return this.#context !== null;
  }

  /** Whether the browser is holding sound back until there is a click. A running context starts suspended as well. */
  get silent(): boolean {
    return this.#context?.state === "suspended" && Date.now() - this.#since > STARTING;
  }

  /** Try to get sound going; call it from a click or a key to be sure. */
  unlock(): void {
    const context = this.#open();
    // Not awaited: without a click this promise stays pending; `statechange` tells when sound is there.
    if (context.state === "suspended") void context.resume().catch(() => undefined);
  }

  play(tone: Tone): void {
    if (tone === this.#playing) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#playing = tone;
    if (tone !== "none") this.#stop = this.#start(tone);
  }

  /** One second of ring on `deviceId`, to try a ringer or a speaker. */
  async test(deviceId: string): Promise<void> {
    this.unlock();
    await this.#route(deviceId);
    const stop = this.#start("ring");
    setTimeout(stop, 1100);
  }

  #start(tone: Exclude<Tone, "none">): () => void {
    const context = this.#open();
    const { on, off, gain } = CADENCES[tone];
    void this.#route(preference(tone === "ring" ? "ringer" : "speaker"));
    const oscillator = new OscillatorNode(context, { frequency: FREQUENCY });
    const envelope = new GainNode(context, { gain: 0 });
    oscillator.connect(envelope).connect(context.destination);
    oscillator.start();
    const pulse = (): void => {
      const now = context.currentTime;
      envelope.gain.cancelScheduledValues(now);
      envelope.gain.setValueAtTime(0, now);
      envelope.gain.linearRampToValueAtTime(gain, now + EDGE);
      envelope.gain.setValueAtTime(gain, now + on - EDGE);
      envelope.gain.linearRampToValueAtTime(0, now + on);
    };
    pulse();
    const timer = setInterval(pulse, (on + off) * 1000);
    return () => {
      clearInterval(timer);
      oscillator.stop();
      envelope.disconnect();
    };
  }

  #open(): Sinkable {
    if (!this.#context) {
      this.#context = new AudioContext() as Sinkable;
      this.#since = Date.now();
      this.#context.onstatechange = () => this.#changed();
    }
    return this.#context;
  }

  async #route(deviceId: string): Promise<void> {
    await this.#context?.setSinkId?.(deviceId).catch(() => undefined);
  }
}
