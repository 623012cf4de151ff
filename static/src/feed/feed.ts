import { api, ApiError } from "../api/client.ts";
import type { FeedMessage } from "../api/types.ts";
import { backOff, parseFrame, verdict } from "./sequence.ts";

const SESSION_ENDED = 4401;

export interface FeedHandlers {
  message(message: FeedMessage): void;
  lost(): void;
  sessionEnded(): void;
}

/** The WebSocket of state. Reconnects for ever; a gap in the numbers is a reason to reconnect. */
export class Feed {
  #handlers: FeedHandlers;
  #handset: () => string | null;
  #socket: WebSocket | null = null;
  #opening = false;
  #stopped = false;
  #attempt = 0;
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(handset: () => string | null, handlers: FeedHandlers) {
    this.#handset = handset;
    this.#handlers = handlers;
  }

  /** Connects now, also when a later attempt is due: after `online`, sleep, or a lost SIP socket. */
  connect(): void {
    if (this.#stopped || this.#opening || this.#socket) return;
    clearTimeout(this.#timer);
    void this.#open();
  }

  /** Drops a connection that is suspected dead and opens another. */
  renew(): void {
    if (this.#stopped || this.#opening) return;
    this.#drop();
    this.#handlers.lost();
    this.connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  async #open(): Promise<void> {
    this.#opening = true;
    try {
      const { ticket } = await api.eventsTicket(this.#handset());
      if (!this.#stopped) this.#attach(new WebSocket(socketUrl("/api/v1/events", ticket)));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.#end();
      else this.#later();
    } finally {
      this.#opening = false;
    }
  }

  #attach(socket: WebSocket): void {
    this.#socket = socket;
    this.#last = 0;
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (code === SESSION_ENDED) this.#end();
      else this.#later();
    };
  }

  #take(data: unknown): void {
    const message = parseFrame(data);
    if (!message) return;
    if (verdict(this.#last, message) === "gap") {
      this.#drop();
      this.#later();
      return;
    }
    this.#last = message.seq;
    this.#attempt = 0;
    this.#handlers.message(message);
  }

  #later(): void {
    if (this.#stopped) return;
    this.#handlers.lost();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connect(), backOff(this.#attempt++, Math.random()));
  }

  #end(): void {
    this.stop();
    this.#handlers.sessionEnded();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}

/** A WebSocket address of the page's own origin. */
export function socketUrl(path: string, ticket: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("ticket", ticket);
  return url.href;
}
