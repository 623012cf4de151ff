import { api, ApiError } from "../api/client.ts";
import { socketUrl } from "../feed/feed.ts";
import { randomId } from "./handset.ts";

const KEEP_ALIVE_EVERY = 10_000;
const KEEP_ALIVE_ANSWER = 5_000;
/** A network that swallows everything would let an attempt to connect hang for minutes. */
const CONNECT = 8_000;
const PING = "\r\n\r\n";
const PONG = "\r\n";

export interface SocketOwner {
  handset(): string;
  /** The gateway gave this page another handset id, because the one asked for is in use by another page. */
  renamed(handset: string): void;
  /** There is no session any more (401), or no line (404): connecting again is of no use. */
  refused(status: 401 | 404): void;
}

/**
 * A JsSIP `Socket` that takes a new one-use ticket at each connect. A browser sees no WebSocket ping, so the page sends
 * CRLFCRLF (RFC 5626, section 3.5.1) and takes silence for a lost connection.
 */
export class TicketSocket {
  readonly via_transport = location.protocol === "https:" ? "WSS" : "WS";
  readonly url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sip`;
  readonly sip_uri = "sip:ramal.invalid;transport=ws";
  // JsSIP puts its own functions here.
  onconnect: () => void = () => undefined;
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => undefined;
  ondata: (data: unknown) => void = () => undefined;

  #owner: SocketOwner;
  #socket: WebSocket | null = null;
  /** Tells this page from one that was opened as its copy: at each load another one. */
  #page = randomId();
  #attempt = 0;
  #connecting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(owner: SocketOwner) {
    this.#owner = owner;
  }

  // A plain function, not an async one: JsSIP refuses the latter.
  connect(): void {
    if (this.#connecting || this.isConnected()) return;
    this.#connecting = true;
    void this.#open(++this.#attempt);
  }

  disconnect(): void {
    this.#attempt++;
    this.#connecting = false;
    this.#forget(1000);
  }

  send(message: string | ArrayBufferLike | Blob | ArrayBufferView): boolean {
    if (!this.isConnected()) return false;
    this.#socket?.send(message as string);
    return true;
  }

  isConnected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  isConnecting(): boolean {
    return this.#connecting;
  }

  /** Asks at once whether the connection is alive; for use after sleep. */
  probe(): void {
    if (this.isConnected()) this.#ping();
  }

  async #open(attempt: number): Promise<void> {
    let ticket: string;
    try {
      const asked = this.#owner.handset();
      const given = await api.lineTicket(asked, this.#page);
      if (attempt !== this.#attempt) return;
      if (given.handset !== asked) this.#owner.renamed(given.handset);
      ticket = given.ticket;
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#connecting = false;
      const status = error instanceof ApiError ? error.status : 0;
      this.ondisconnect(true, 0, "no ticket");
      // After `ondisconnect`: the owner stops JsSIP, which must not then schedule another attempt.
      if (status === 401 || status === 404) this.#owner.refused(status);
      return;
    }
    this.#attach(new WebSocket(socketUrl("/sip", ticket), "sip"));
  }

  #attach(socket: WebSocket): void {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#connecting = false;
      this.#schedulePing();
      this.onconnect();
    };
    socket.onmessage = ({ data }) => {
      if (data === PONG) this.#schedulePing();
      else this.ondata(data);
    };
    socket.onclose = ({ code, reason, wasClean }) => this.#lost(socket, !wasClean, code, reason);
    this.#timer = setTimeout(() => this.#lost(socket, true, 1006, "no connection"), CONNECT);
  }

  #schedulePing(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ping(), KEEP_ALIVE_EVERY);
  }

  #ping(): void {
    const socket = this.#socket;
    if (!socket || !this.send(PING)) return;
    clearTimeout(this.#timer);
    // A dead connection may take minutes to close by itself: it is left behind at once.
    this.#timer = setTimeout(() => {
      socket.close();
      this.#lost(socket, true, 1006, "keep-alive");
    }, KEEP_ALIVE_ANSWER);
  }

  #lost(socket: WebSocket, error: boolean, code: number, reason: string): void {
    if (this.#socket !== socket) return;
    this.#connecting = false;
    this.#forget(1000);
    this.ondisconnect(error, code, reason);
  }

  #forget(code: number): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }
}
