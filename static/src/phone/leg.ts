import type {
  EndEvent,
  IceCandidateEvent,
  IncomingEvent,
  OutgoingEvent,
  RTCSession,
  SendingEvent,
  TerminateOptions,
} from "jssip/lib/RTCSession";
import { localCause } from "../call/causes.ts";
import type { PhoneEvent, Resume } from "../call/state.ts";
import { Driver } from "./driver.ts";
import { Listener } from "./listener.ts";

/** ICE candidates of a host that answers slowly are not waited for. */
const ICE_GATHERING = 500;

export interface LegHandlers {
  dispatch(event: PhoneEvent): void;
  remoteStream(leg: Leg, stream: MediaStream): void;
  microphoneLost(leg: Leg): void;
  ended(leg: Leg): void;
  connected(): boolean;
  registered(): boolean;
  /** The call is on hold from neither side. */
  talking(leg: Leg): boolean;
}

/** One JsSIP session with its microphone: turns JsSIP's events into ours. */
export class Leg {
  readonly key: string;
  session: RTCSession | null = null;
  driver: Driver | null = null;
  remote: MediaStream | null = null;
  #handlers: LegHandlers;
  #microphone: MediaStream | null = null;
  #listener: Listener | null = null;
  #over = false;
  #cause: string | null = null;

  constructor(key: string, handlers: LegHandlers) {
    this.key = key;
    this.#handlers = handlers;
  }

  get over(): boolean {
    return this.#over;
  }

  get established(): boolean {
    return this.session?.isEstablished() ?? false;
  }

  useMicrophone(stream: MediaStream): void {
    this.#microphone?.getTracks().forEach((track) => track.stop());
    this.#microphone = stream;
    stream.getAudioTracks().forEach((track) => (track.onended = () => this.#handlers.microphoneLost(this)));
  }

  /** No sound goes out or comes in any more: the person wants the end, which cannot be said yet. */
  silence(): void {
    for (const track of [...(this.#microphone?.getTracks() ?? []), ...(this.remote?.getTracks() ?? [])])
      track.enabled = false;
  }

  /** Puts another microphone into the running call; the mute button and hold keep their say. */
  async replaceMicrophone(stream: MediaStream): Promise<void> {
    const sender = this.session?.connection?.getSenders().find((one) => one.track?.kind === "audio" || one.dtmf);
    const [track] = stream.getAudioTracks();
    if (!sender || !track) return;
    track.enabled = sender.track?.enabled ?? true;
    await sender.replaceTrack(track);
    this.useMicrophone(stream);
  }

  /** Listens to `session`, which JsSIP has just made. */
  adopt(session: RTCSession): void {
    this.session = session;
    const { key } = this;
    const say = (event: PhoneEvent): void => this.#handlers.dispatch(event);
    const driver = new Driver(session, {
      registered: () => this.#handlers.registered(),
      waiting: (step) => say({ type: "session-waiting", key, step }),
    });
    this.driver = driver;
    const terminate = session.terminate.bind(session);
    session.terminate = (options = {}) => {
      if (!driver.swallows(options)) terminate(options);
    };
    session.on("sending", ({ request }: SendingEvent) =>
      say({ type: "session-sent", key, sipCallId: request.call_id }),
    );
    session.on("progress", (event: IncomingEvent | OutgoingEvent) => {
      if (!("response" in event) || !event.response) return;
      const { response } = event;
      say({ type: "session-progress", key, call: callHeader(response), earlyMedia: Boolean(response.body) });
    });
    session.on("accepted", (event: IncomingEvent | OutgoingEvent) => {
      const call = "response" in event && event.response ? callHeader(event.response) : null;
      say({ type: "session-accepted", key, call, at: Date.now() });
    });
    session.on("failed", (event: EndEvent) => this.#finish(event, false));
    session.on("ended", (event: EndEvent) => this.#finish(event, true));
    let gathering: ReturnType<typeof setTimeout> | undefined;
    session.on("icecandidate", ({ ready }: IceCandidateEvent) => {
      clearTimeout(gathering);
      gathering = setTimeout(ready, ICE_GATHERING);
    });
  }

  /** Hears the other side: to be called when JsSIP has made the connection. */
  hear(connection: RTCPeerConnection): void {
    connection.addEventListener("track", ({ streams, track }) => {
      this.remote = streams[0] ?? new MediaStream([track]);
      this.#handlers.remoteStream(this, this.remote);
    });
    this.#listener = new Listener(connection, {
      registered: () => this.#handlers.registered(),
      talking: () => Boolean(this.driver?.confirmed) && this.#handlers.talking(this),
      lost: (lost) => this.#handlers.dispatch({ type: "session-audio", key: this.key, lost }),
      restart: () => this.driver?.wish({ restart: true }),
    });
  }

  /** Ends the call in whatever state it is; `cause` where the page knows better than the status code says. */
  terminate(options: TerminateOptions = {}, cause: string | null = null): void {
    const { session } = this;
    this.#cause = cause;
    if (session && !session.isEnded()) session.terminate(options);
    else this.close(cause ?? "cancelled");
  }

  close(cause: string): void {
    if (this.#over) return;
    this.#over = true;
    this.driver?.stop();
    this.#listener?.stop();
    this.#microphone?.getTracks().forEach((track) => {
      track.onended = null;
      track.stop();
    });
    this.#handlers.dispatch({ type: "session-ended", key: this.key, cause, at: Date.now() });
    this.#handlers.ended(this);
  }

  #finish(event: EndEvent, established: boolean): void {
    const message = event.message as { status_code?: number; getHeader?(name: string): string | undefined } | null;
    const reason = message?.getHeader?.("Reason") ?? "";
    this.close(
      localCause({
        originator: event.originator,
        established,
        outgoing: this.session?.direction === "outgoing",
        connected: this.#handlers.connected(),
        status: message?.status_code,
        cause: event.cause,
        told: this.#cause ?? message?.getHeader?.("X-Ramal-Cause") ?? null,
        answeredElsewhere: /cause\s*=\s*200\b/i.test(reason),
      }),
    );
  }
}

/** The gateway's id of the call, in every INVITE and response to the page. */
export function callHeader(message: { getHeader(name: string): string | undefined }): string | null {
  return message.getHeader("X-Ramal-Call") ?? null;
}

/** Why a call that is live already is offered to this page; null for a call that rings. */
export function resumeHeader(message: { getHeader(name: string): string | undefined }): Resume | null {
  const why = message.getHeader("X-Ramal-Resume");
  return why === "detached" || why === "taken" ? why : null;
}
