import { UA } from "jssip";
import type { IncomingRTCSessionEvent, RTCSessionEvent } from "jssip/lib/UA";
import type { Line } from "../api/types.ts";
import { TicketSocket, type SocketOwner } from "./socket.ts";

export interface AgentHandlers {
  registered(registered: boolean): void;
  dropped(): void;
  incoming(event: IncomingRTCSessionEvent): void;
}

/** JsSIP's user agent for one line, with the settings that this product needs. */
export class Agent {
  readonly host: string;
  #ua: UA;
  #socket: TicketSocket;

  constructor(line: Line, owner: SocketOwner, handlers: AgentHandlers) {
    this.host = line.uri.replace(/^.*@/, "");
    this.#socket = new TicketSocket(owner);
    this.#ua = new UA({
      sockets: [this.#socket],
      uri: line.uri,
      register: true,
      // The gateway holds the far side's timers; JsSIP's default of 90 s would add re-INVITEs of its own.
      session_timers: false,
      // How long an incoming call rings is the line's business.
      no_answer_timeout: 3600,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
    });
    this.#ua.on("registered", () => handlers.registered(true));
    this.#ua.on("unregistered", () => handlers.registered(false));
    this.#ua.on("registrationFailed", () => handlers.registered(false));
    this.#ua.on("disconnected", () => {
      handlers.registered(false);
      handlers.dropped();
    });
    this.#ua.on("newRTCSession", (event: RTCSessionEvent) => {
      if (event.originator === "remote") handlers.incoming(event as IncomingRTCSessionEvent);
    });
    this.#ua.start();
  }

  get connected(): boolean {
    return this.#socket.isConnected();
  }

  /** Connected, and known to the gateway on this connection. */
  get registered(): boolean {
    return this.connected && this.#ua.isRegistered();
  }

  call(number: string, options: Parameters<UA["call"]>[1]): ReturnType<UA["call"]> {
    return this.#ua.call(`sip:${number.replaceAll("#", "%23")}@${this.host}`, options);
  }

  /** After `online` or sleep: JsSIP's own next attempt may be seconds away, and an open socket may be dead. */
  wake(): void {
    this.#socket.probe();
    (this.#ua as unknown as { transport?: { connect(): void } }).transport?.connect();
  }

  stop(): void {
    this.#ua.stop();
  }
}
