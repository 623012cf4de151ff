/** Codes that the server sends, in words. Every code stands here literally, so that Babel finds it. */
import { lookup, t } from "./index.ts";

/** Only for the extraction of messages and for tests. */
export const everyCode = (): string[] => [
  t("cause.ended"),
  t("cause.cancelled"),
  t("cause.busy"),
  t("cause.refused"),
  t("cause.no_answer"),
  t("cause.not_found"),
  t("cause.unavailable"),
  t("cause.forbidden"),
  t("cause.no_microphone"),
  t("cause.media_failed"),
  t("cause.pbx_lost"),
  t("cause.pbx_refused"),
  t("cause.interrupted"),
  t("cause.answered_elsewhere"),
  t("cause.too_many"),
  t("cause.continued_elsewhere"),
  t("line.reason.bad_secret"),
  t("line.reason.forbidden"),
  t("line.reason.not_found"),
  t("line.reason.unreachable"),
  t("line.reason.tls"),
  t("line.reason.timeout"),
  t("line.reason.closed"),
  t("line.reason.server_error"),
  t("line.reason.held_back"),
  t("line.state.idle"),
  t("line.state.connecting"),
  t("line.state.registering"),
  t("line.state.ready"),
  t("line.state.offline"),
  t("line.state.refused"),
  t("recording.off"),
  t("recording.on"),
  t("recording.paused"),
  t("recording.disk_full"),
  t("recording.failed"),
  t("role.agent"),
  t("role.supervisor"),
  t("role.admin"),
  t("ended_by.agent"),
  t("ended_by.other"),
  t("ended_by.gateway"),
  t("call.state.dialing"),
  t("call.state.ringing"),
  t("call.state.active"),
  t("call.state.ended"),
  t("error.bad_credentials"),
  t("error.too_many_attempts"),
  t("error.weak_password"),
  t("error.no_line"),
  t("error.not_found"),
  t("error.not_talking"),
  t("error.already_here"),
  t("error.handset_not_attached"),
  t("error.no_such_consultation"),
  t("error.transfer_pending"),
  t("error.forbidden"),
  t("error.no_session"),
  t("error.bad_request"),
  t("error.bad_origin"),
  t("error.network"),
  t("error.restarting"),
  t("error.unknown"),
];

export const causeText = (code: string): string => lookup(`cause.${code}`) ?? t("cause.unavailable");
export const lineStateText = (code: string): string => lookup(`line.state.${code}`) ?? code;
export const lineReasonText = (code: string): string => lookup(`line.reason.${code}`) ?? code;
export const recordingText = (code: string): string => lookup(`recording.${code}`) ?? code;
export const roleText = (code: string): string => lookup(`role.${code}`) ?? code;
export const endedByText = (code: string): string => lookup(`ended_by.${code}`) ?? "";
export const callStateText = (code: string): string => lookup(`call.state.${code}`) ?? code;
export const errorText = (code: string): string => lookup(`error.${code}`) ?? t("error.unknown");
