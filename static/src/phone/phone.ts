import type { IncomingRTCSessionEvent } from "jssip/lib/UA";
import { api, ApiError } from "../api/client.ts";
import type { FeedMessage } from "../api/types.ts";
import { inCall, readiness, vanished } from "../call/plan.ts";
import type { MicrophoneTrouble, Resume } from "../call/state.ts";
import { Feed } from "../feed/feed.ts";
import { readNumber } from "../number/read.ts";
import { MicrophoneError, openMicrophone, sendTo } from "../sound/devices.ts";
import { preference } from "../storage.ts";
import type { Store } from "../store.ts";
import { Agent } from "./agent.ts";
import { handsetId, keepHandsetId } from "./handset.ts";
import { callHeader, Leg, resumeHeader } from "./leg.ts";
import { watchWaking } from "./wake.ts";

/** The conversation and one that knocks. */
const MAX_LEGS = 2;
/** How long the gateway's own word for the end of a call is waited for, once the feed has told it. */
const SWEEP_AFTER = 2_000;
/** How long a call that was asked for may take to come. */
const TAKE_WITHIN = 10_000;
const PEER: RTCConfiguration = { iceServers: [] };

/** What a person can do with the phone. Everything that follows from it is told to the store. */
export class Phone {
  #store: Store;
  #audio: HTMLAudioElement;
  #feed: Feed;
  #agent: Agent | null = null;
  #legs = new Map<string, Leg>();
  #keys = 0;

  constructor(store: Store, audio: HTMLAudioElement) {
    this.#store = store;
    this.#audio = audio;
    this.#feed = new Feed(() => (store.state.line ? handsetId() : null), {
      message: (message) => this.#fed(message),
      lost: () => store.dispatch({ type: "feed-lost" }),
      sessionEnded: () => this.#sessionOver(),
    });
  }

  start(): void {
    this.#store.dispatch({ type: "handset", handset: handsetId() });
    this.#feed.connect();
    watchWaking((surely) => {
      if (surely) this.#feed.renew();
      else this.#feed.connect();
      this.#agent?.wake();
    });
  }

  /** Leaves the line for good: before the session is given up. */
  stop(): void {
    this.#feed.stop();
    this.#agent?.stop();
  }

  /** Calls what `text` says. The answer tells whether a call was begun. */
  async call(text: string): Promise<boolean> {
    const number = readNumber(text);
    const agent = this.#agent;
    if (!number || !agent || readiness(this.#store.state) !== "ready" || inCall(this.#store.cards)) return false;
    const leg = this.#leg("out", number, null, null);
    const microphone = await this.#microphone(leg);
    if (!microphone) {
      leg.close("no_microphone");
      return true;
    }
    if (leg.over) return true;
    leg.adopt(
      agent.call(number, { mediaStream: microphone, pcConfig: PEER, mediaConstraints: { audio: true, video: false } }),
    );
    if (leg.session?.connection) leg.hear(leg.session.connection);
    return true;
  }

  /** Answers; a conversation that is running is put on hold first. */
  async answer(key: string): Promise<void> {
    const leg = this.#legs.get(key);
    if (!leg?.session || leg.established) return;
    this.#store.dispatch({ type: "session-answering", key });
    if (await this.#accept(leg, "no_microphone")) this.#holdOthers(leg);
  }

  /** Brings a call that is live on another screen here; the gateway offers it at once. */
  async take(call: string): Promise<void> {
    const failed = (error: string): void => this.#store.dispatch({ type: "take-failed", call, error });
    this.#store.dispatch({ type: "taking", call });
    try {
      await api.take(call, handsetId());
      setTimeout(() => failed("unknown"), TAKE_WITHIN);
    } catch (error) {
      failed(error instanceof ApiError ? error.code : "unknown");
    }
  }

  refuse(key: string): void {
    this.#legs.get(key)?.terminate({ status_code: 603, reason_phrase: "Decline" });
  }

  /** Hangs up, cancels, or ends a call that is live on another page. */
  hangUp(key: string): void {
    const card = this.#store.cards.find((one) => one.key === key);
    const leg = this.#legs.get(key);
    const heard = leg && this.#agent?.registered;
    // Without a connection the BYE would be lost: the gateway is asked over HTTP as well.
    if (!heard && card?.call) void api.hangUp(card.call).catch(() => undefined);
    if (!heard && leg?.driver?.confirmed) {
      leg.silence();
      leg.driver.wish({ hangUp: true });
    } else {
      leg?.terminate({}, heard ? null : "cancelled");
    }
  }

  mute(key: string, muted: boolean): void {
    const session = this.#legs.get(key)?.session;
    if (!session) return;
    if (muted) session.mute({ audio: true });
    else session.unmute({ audio: true });
    this.#store.dispatch({ type: "session-muted", key, muted });
    const call = this.#store.cards.find((card) => card.key === key)?.call;
    if (call) void api.muted(call, muted).catch(() => undefined);
  }

  /** Hold and resume; as soon as there is a connection. */
  hold(key: string, wanted: boolean): void {
    const leg = this.#legs.get(key);
    if (!leg?.established) return;
    leg.driver?.wish({ held: wanted });
    this.#store.dispatch({ type: "session-hold", key, wanted });
    if (wanted) return;
    this.#holdOthers(leg);
    if (leg.remote) this.#hear(leg.remote);
  }

  #holdOthers(leg: Leg): void {
    for (const other of this.#legs.values()) if (other !== leg) this.hold(other.key, true);
  }

  /** One key of the keypad, as a telephone-event (RFC 4733). */
  press(key: string, digit: string): void {
    const leg = this.#legs.get(key);
    if (!leg?.session || !leg.established) return;
    // The other side may have taken no telephone-event: JsSIP would throw.
    if (!leg.session.connection?.getSenders().some((sender) => sender.dtmf?.canInsertDTMF)) return;
    leg.session.sendDTMF(digit, { transportType: "RFC2833" as never, duration: 120, interToneGap: 80 });
  }

  dismiss(key: string): void {
    this.#store.dispatch({ type: "dismiss", key });
  }

  /** Takes changed choices of devices into a running call. */
  async devicesChanged(): Promise<void> {
    await sendTo(this.#audio, preference("speaker"));
    for (const leg of this.#legs.values())
      if (leg.established) await this.#newMicrophone(leg, preference("microphone"));
  }

  #fed(message: FeedMessage): void {
    this.#store.dispatch({ type: "feed", message, at: Date.now() });
    if (!this.#agent) this.#attach();
    // The gateway is there again: JsSIP's own next attempt may be seconds away.
    else if (message.type === "snapshot") this.#agent.wake();
    if (message.type === "snapshot" || (message.type === "call" && message.call.state === "ended"))
      setTimeout(() => this.#sweep(), SWEEP_AFTER);
  }

  /** Ends what the gateway does not have any more, if it did not say so itself. */
  #sweep(): void {
    for (const key of vanished(this.#store.state)) this.#legs.get(key)?.terminate({}, "interrupted");
  }

  #attach(): void {
    const { line } = this.#store.state;
    if (!line) return;
    this.#agent = new Agent(
      line,
      {
        handset: handsetId,
        renamed: (handset) => this.#store.dispatch({ type: "handset", handset: keepHandsetId(handset) }),
        refused: (status) => {
          if (status === 401) this.#sessionOver();
          else this.#agent?.stop();
        },
      },
      {
        registered: (registered) => {
          this.#store.dispatch({ type: "registered", registered });
          for (const leg of this.#legs.values()) leg.driver?.drive();
        },
        dropped: () => {
          this.#dropRinging();
          // Whatever cut this connection may have cut the other one.
          this.#feed.renew();
        },
        incoming: (event) => this.#ring(event),
      },
    );
  }

  #ring({ session, request }: IncomingRTCSessionEvent): void {
    const call = callHeader(request);
    const resume = resumeHeader(request);
    if (!resume && this.#legs.size >= MAX_LEGS) {
      session.terminate({ status_code: 486, reason_phrase: "Busy Here" });
      return;
    }
    const { user } = request.from.uri as { user?: string };
    const before = this.#legsOf(call);
    const leg = this.#leg("in", user ?? "", request.from.display_name || null, call, resume);
    leg.adopt(session);
    if (resume) void this.#resume(leg, resume, before);
  }

  #legsOf(call: string | null): Leg[] {
    const { sessions } = this.#store.state;
    const keys = sessions.filter((session) => call !== null && session.call === call).map((session) => session.key);
    return [...this.#legs.values()].filter((leg) => keys.includes(leg.key));
  }

  /** A live call comes back, or from another screen: answered at once, held and muted as it was. */
  async #resume(leg: Leg, resume: Resume, before: Leg[]): Promise<void> {
    if (!(await this.#accept(leg, "reconnecting"))) return;
    const session = this.#store.state.sessions.find((one) => one.key === leg.key);
    if (session?.muted) leg.session?.mute({ audio: true });
    if (session?.holdWanted) leg.driver?.beHeld();
    else if (resume === "taken") this.#holdOthers(leg);
    // The gateway has forgotten the dialogs that this one replaces.
    for (const old of before) old.terminate();
  }

  /** Answers with a microphone. Without one the call is left to another handset, hence no 603. */
  async #accept(leg: Leg, otherwise: string): Promise<boolean> {
    const microphone = await this.#microphone(leg);
    if (leg.over || !leg.session || leg.session.isEnded()) return false;
    if (!microphone) {
      leg.terminate({ status_code: 480, extraHeaders: ["X-Ramal-Cause: no_microphone"] }, otherwise);
      return false;
    }
    const told = this.#store.state.sessions.find((one) => one.key === leg.key);
    if (told?.muted || told?.holdWanted) microphone.getAudioTracks().forEach((track) => (track.enabled = false));
    leg.session.answer({ mediaStream: microphone, pcConfig: PEER });
    if (leg.session.connection) leg.hear(leg.session.connection);
    return true;
  }

  /** An answer could not be sent on a socket that is gone: the line offers a call that still rings again. */
  #dropRinging(): void {
    for (const leg of [...this.#legs.values()]) {
      if (leg.session?.direction !== "incoming" || leg.established) continue;
      const { key } = leg;
      try {
        leg.terminate();
      } catch {
        leg.close("interrupted");
      }
      this.#store.dispatch({ type: "dismiss", key });
    }
  }

  #leg(
    direction: "in" | "out",
    number: string,
    name: string | null,
    call: string | null,
    resume: Resume | null = null,
  ): Leg {
    const leg = new Leg(`s${++this.#keys}`, {
      dispatch: (event) => this.#store.dispatch(event),
      remoteStream: (heard, stream) => {
        const held = this.#store.state.sessions.find((one) => one.key === heard.key)?.holdWanted;
        if (!held) this.#hear(stream);
      },
      microphoneLost: (lost) => void this.#newMicrophone(lost, ""),
      ended: (ended) => this.#forget(ended),
      connected: () => this.#agent?.connected ?? false,
      registered: () => this.#agent?.registered ?? false,
      talking: (one) => !this.#isHeld(one),
    });
    this.#legs.set(leg.key, leg);
    this.#store.dispatch({ type: "session-new", key: leg.key, direction, number, name, call, resume, at: Date.now() });
    return leg;
  }

  /** By either side. */
  #isHeld(leg: Leg): boolean {
    const card = this.#store.cards.find((one) => one.key === leg.key);
    return card?.state === "held" || Boolean(card?.heldByOther);
  }

  #forget(leg: Leg): void {
    this.#legs.delete(leg.key);
    if (this.#audio.srcObject === leg.remote) this.#audio.srcObject = null;
  }

  #hear(stream: MediaStream): void {
    this.#audio.srcObject = stream;
    void sendTo(this.#audio, preference("speaker"));
    void this.#audio.play().catch(() => undefined);
  }

  async #microphone(leg: Leg): Promise<MediaStream | null> {
    const stream = await this.#open(preference("microphone"));
    if (stream && leg.over) stream.getTracks().forEach((track) => track.stop());
    else if (stream) leg.useMicrophone(stream);
    return stream;
  }

  async #newMicrophone(leg: Leg, deviceId: string): Promise<void> {
    const stream = await this.#open(deviceId, "lost");
    if (stream) await leg.replaceMicrophone(stream);
  }

  async #open(deviceId: string, otherwise?: MicrophoneTrouble): Promise<MediaStream | null> {
    try {
      const stream = await openMicrophone(deviceId);
      this.#store.dispatch({ type: "microphone", trouble: null });
      return stream;
    } catch (error) {
      const trouble = otherwise ?? (error instanceof MicrophoneError ? error.trouble : "unknown");
      this.#store.dispatch({ type: "microphone", trouble });
      return null;
    }
  }

  #sessionOver(): void {
    this.stopSignalling();
    this.#store.dispatch({ type: "session-over" });
  }

  /** No session any more: nothing more to connect to, but a conversation is not cut by it. */
  private stopSignalling(): void {
    this.#feed.stop();
    if (!inCall(this.#store.cards)) this.#agent?.stop();
  }
}
