/**
 * The cause of an end as this page saw it: shown until the gateway's own word arrives. Same table as
 * `signaling/causes.py`.
 */
const BY_STATUS: Record<number, string> = {
  401: "pbx_refused",
  403: "forbidden",
  404: "not_found",
  407: "pbx_refused",
  408: "no_answer",
  410: "not_found",
  480: "unavailable",
  484: "not_found",
  486: "busy",
  487: "cancelled",
  488: "media_failed",
  600: "busy",
  603: "refused",
  604: "not_found",
  606: "media_failed",
};

export interface LocalEnd {
  originator: string;
  established: boolean;
  outgoing: boolean;
  /** Without a connection JsSIP gives an outgoing call up that the gateway still has, and will offer again. */
  connected: boolean;
  status: number | undefined;
  /** JsSIP's own phrase. */
  cause: string;
  /** `Reason: SIP;cause=200` (RFC 3326) in a CANCEL: another handset answered; in a BYE: another one took the call. */
  answeredElsewhere: boolean;
  /** `X-Ramal-Cause`: the gateway's own word for it. */
  told: string | null;
}

export function localCause(end: LocalEnd): string {
  if (end.told) return end.told;
  if (end.answeredElsewhere) return end.established ? "continued_elsewhere" : "answered_elsewhere";
  if (!end.connected && !end.established && end.outgoing) return "reconnecting";
  if (end.established) return end.cause === "RTP Timeout" || end.cause === "WebRTC Error" ? "media_failed" : "ended";
  if (end.cause === "User Denied Media Access") return "no_microphone";
  if (end.cause === "Canceled") return "cancelled";
  if (end.cause === "Rejected" && end.originator === "local") return "refused";
  if (end.cause === "Connection Error" || end.cause === "Request Timeout") return "interrupted";
  if (end.cause === "WebRTC Error" || end.cause === "Bad Media Description") return "media_failed";
  return end.status === undefined ? "interrupted" : (BY_STATUS[end.status] ?? "unavailable");
}
