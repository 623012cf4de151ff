/** The HTTP API of `docs/api.md`. Every failure is an `ApiError` whose `code` the catalogue has as `error.<code>`. */
import type { Call, CallDetail, Line, Me, Peaks } from "./types.ts";

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryAfter: number | undefined;

  constructor(code: string, status: number, retryAfter?: number) {
    super(`${status} ${code}`);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export interface CallFilter {
  cursor?: string | undefined;
  limit?: number | undefined;
  q?: string | undefined;
  direction?: string | undefined;
  outcome?: string | undefined;
}

const BASE = "/api/v1";
const LONGEST = 10_000;

export const api = {
  logIn: (login: string, password: string) => request<Me>("POST", "/session", { login, password }),
  logOut: () => request<void>("DELETE", "/session", {}),
  changeMe: (changes: { language?: string; theme?: string }) => request<Me>("PATCH", "/me", changes),
  changePassword: (current: string, next: string) => request<void>("POST", "/me/password", { current, new: next }),
  lineTicket: (handset: string, page: string) =>
    request<{ ticket: string; handset: string }>("POST", "/line/ticket", { handset, page }),
  eventsTicket: (handset: string | null) =>
    request<{ ticket: string }>("POST", "/events/ticket", handset ? { handset } : {}),
  retryLine: () => request<void>("POST", "/line/retry", {}),
  lines: () => request<{ lines: Line[] }>("GET", "/lines"),
  setSecret: (line: string, secret: string) =>
    request<void>("PUT", `/lines/${encodeURIComponent(line)}/secret`, { secret }),
  calls: (filter: CallFilter) =>
    request<{ calls: Call[]; next: string | null }>("GET", `/calls${query({ ...filter })}`),
  call: (id: string) => request<CallDetail>("GET", `/calls/${encodeURIComponent(id)}`),
  muted: (id: string, muted: boolean) => request<void>("PATCH", `/calls/${encodeURIComponent(id)}`, { muted }),
  hangUp: (id: string) => request<void>("POST", `/calls/${encodeURIComponent(id)}/hangup`, {}),
  take: (id: string, handset: string) => request<void>("POST", `/calls/${encodeURIComponent(id)}/take`, { handset }),
  peaks: (recording: string) => request<Peaks>("GET", `/recordings/${encodeURIComponent(recording)}/peaks`),
  audioUrl: (recording: string) => `${BASE}/recordings/${encodeURIComponent(recording)}/audio`,
};

async function request<T>(method: string, path: string, body?: object): Promise<T> {
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: { Accept: "application/json" },
    // A network that swallows everything gives no answer at all: nobody waits for minutes.
    signal: AbortSignal.timeout(LONGEST),
  };
  if (body !== undefined) {
    init.headers = { Accept: "application/json", "Content-Type": "application/json", "X-Ramal-Request": "1" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(BASE + path, init);
  } catch {
    throw new ApiError("network", 0);
  }
  if (!response.ok) throw await problem(response);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

async function problem(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  try {
    const { code } = (await response.json()) as { code?: string };
    return new ApiError(code ?? "unknown", response.status, retryAfter);
  } catch {
    return new ApiError("unknown", response.status, retryAfter);
  }
}

function query(values: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return text ? `?${text}` : "";
}
