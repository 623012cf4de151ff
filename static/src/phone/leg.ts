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
import type { PhoneEvent } from "../call/state.ts";

/** ICE candidates of a host that answers slowly are not waited for. */
const ICE_GATHERING = 500;

export interface LegHandlers {
  dispatch(event: PhoneEvent): void;
  remoteStream(leg: Leg, stream: MediaStream): void;
  microphoneLost(leg: Leg): void;
  ended(leg: Leg): void;
}

/** One JsSIP session with its microphone: turns JsSIP's events into ours. */
export class Leg {
  readonly key: string;
  session: RTCSession | null = null;
  remote: MediaStream | null = null;
  #handlers: LegHandlers;
  #microphone: MediaStream | null = null;
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
