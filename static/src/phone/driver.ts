import type { RTCSession, TerminateOptions } from "jssip/lib/RTCSession";
import { fulfilled, nextStep, noWishes, retryAfter, wished, type Step, type Wishes } from "../call/wishes.ts";

/** How soon it is looked again whether JsSIP takes another offer. */
const BUSY = 200;

export interface DriverHandlers {
  registered(): boolean;
  /** What waits for the connection; null when nothing does. */
  waiting(step: Step | null): void;
}

/** JsSIP does not say which of its own ends of a call are only failures of one request. */
interface Internals {
  _localHold: boolean;
  _setLocalMediaStatus(): void;
}

/**
 * Does what is wished of one session, one thing at a time and only when it can be done. JsSIP ends a call whose
 * connection dropped in the middle of an offer, or whose offer was refused, or whose ICE failed: `swallows` keeps it.
 */
export class Driver {
  #session: RTCSession;
  #handlers: DriverHandlers;
  #wishes: Wishes = noWishes;
  #doing: Step | null = null;
  /** As the gateway knows it; null after an offer whose answer did not come. */
  #agreed: boolean | null = false;
  #failures = 0;
  #waiting: Step | null = null;
  #confirmed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: RTCSession, handlers: DriverHandlers) {
    this.#session = session;
    this.#handlers = handlers;
    session.on("confirmed", () => {
      this.#confirmed = true;
      this.drive();
    });
  }

  get confirmed(): boolean {
    return this.#confirmed;
  }

  /** The call comes to this page on hold: JsSIP is to be as if it had put it there. */
  beHeld(): void {
    this.#agreed = true;
    this.#internals._localHold = true;
  }

  wish(changes: Partial<Wishes>): void {
    this.#wishes = { ...this.#wishes, ...changes };
    this.#failures = 0;
    this.drive();
  }

  /** To be called when something changed: registered again, or not any more. */
  drive(): void {
    clearTimeout(this.#timer);
    if (this.#session.isEnded()) return;
    const registered = this.#handlers.registered();
    const step = this.#doing ? "wait" : this.#next(registered);
    this.#tell(registered ? null : wished(this.#wishes, this.#held));
    if (step === "wait" && registered && !this.#doing) this.#timer = setTimeout(() => this.drive(), BUSY);
    else if (step !== null && step !== "wait") this.#do(step);
  }

  /** Whether an end that JsSIP wants by itself is only a failure of what was being done. */
  swallows({ cause }: TerminateOptions): boolean {
    if (!this.#confirmed) return false;
    if (cause === "RTP Timeout") return true;
    if (cause !== "Connection Error" && cause !== "Request Timeout" && cause !== "WebRTC Error") return false;
    this.#failed(cause === "Connection Error");
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#tell(null);
  }

  get #internals(): Internals {
    return this.#session as unknown as Internals;
  }

  get #held(): boolean {
    if (this.#agreed !== null) return this.#agreed;
    return this.#wishes.held === null ? this.#internals._localHold : !this.#wishes.held;
  }

  #next(registered: boolean): Step | "wait" | null {
    return nextStep(this.#wishes, {
      registered,
      confirmed: this.#confirmed,
      free: this.#session.isReadyToReOffer(),
      held: this.#held,
    });
  }

  #do(step: Step): void {
    if (step === "hang-up") {
      this.#session.terminate();
      return;
    }
    this.#doing = step;
    const done = (): void => this.#done(step);
    if (this.#begin(step, done)) return;
    this.#doing = null;
    this.#timer = setTimeout(() => this.drive(), BUSY);
  }

  #begin(step: Exclude<Step, "hang-up">, done: () => void): boolean {
    if (step !== "restart") this.#internals._localHold = step === "resume";
    if (step === "hold") return this.#session.hold({}, done);
    if (step === "resume") return this.#session.unhold({}, done);
    return this.#session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, done);
  }

  #done(step: Step): void {
    this.#doing = null;
    this.#failures = 0;
    if (step !== "restart") this.#agreed = step === "hold";
    this.#wishes = fulfilled(this.#wishes, step);
    this.drive();
  }

  #failed(connection: boolean): void {
    const step = this.#doing;
    this.#doing = null;
    if (step === null) return;
    if (step !== "restart") this.#agreed = null;
    const wait = connection ? 0 : retryAfter(this.#failures++);
    if (wait === null) {
      this.#wishes = fulfilled(this.#wishes, step);
      if (step !== "restart") this.#internals._localHold = step === "resume";
      this.#internals._setLocalMediaStatus();
    } else {
      this.#timer = setTimeout(() => this.drive(), wait);
    }
  }

  #tell(step: Step | null): void {
    // An ICE restart is not what a person asked for: its own sign says that the audio is lost.
    const told = step === "restart" ? null : step;
    if (told === this.#waiting) return;
    this.#waiting = told;
    this.#handlers.waiting(told);
  }
}
