import { html, nothing, type TemplateResult } from "lit";
import { api } from "../api/client.ts";
import { readiness, type Readiness } from "../call/plan.ts";
import { lineReasonText, lineStateText } from "../i18n/codes.ts";
import { t } from "../i18n/index.ts";
import type { PhoneState } from "../call/state.ts";
import { icon } from "./icons.ts";

/** The line in words: the pill that every view shows. */
export function lineStatus(state: PhoneState): TemplateResult {
  const ready = readiness(state);
  return html`<p class="status" data-testid="line-status" data-state=${ready} role="status" title=${statusText(ready)}>
    <span class="status-dot" aria-hidden="true"></span>
    <span class="status-text">${statusText(ready)}</span>
  </p>`;
}

export function statusText(ready: Readiness): string {
  if (ready === "feed-lost") return t("No contact with Ramal. Trying again…");
  if (ready === "no-line") return t("No extension");
  return lineStateText(ready);
}

/** Above the number entry: whose phone this is, or why it cannot call and what can be done. */
export function lineNote(state: PhoneState, now: number, retried: () => void): TemplateResult {
  const ready = readiness(state);
  const { line, me } = state;
  if (ready === "offline" || ready === "refused") {
    return html`<div class="note" data-kind=${ready}>
      <div class="note-text">
        <p class="note-title">${line?.reason ? lineReasonText(line.reason) : lineStateText(ready)}</p>
        <p class="note-sub">${ready === "refused" ? t("Your administrator has been told.") : nextTry(state, now)}</p>
      </div>
      <button
        type="button"
        class="button button-quiet"
        data-testid="line-retry"
        @click=${() => void api.retryLine().then(retried, retried)}
      >
        ${icon("retry")}<span>${t("Try now")}</span>
      </button>
    </div>`;
  }
  return html`<div class="note" data-kind=${ready}>
    <div class="note-text">
      <p class="note-title">${line ? t("Extension {number}", { number: line.number }) : statusText(ready)}</p>
      <p class="note-sub">${me?.name ?? nothing}</p>
    </div>
  </div>`;
}

function nextTry(state: PhoneState, now: number): string {
  const at = state.line?.retry_at;
  if (!at) return t("Trying again soon.");
  const seconds = Math.ceil((Date.parse(at) - state.clockAhead - now) / 1000);
  return seconds > 0 ? t("Next try in {seconds} s.", { seconds }) : t("Trying again now…");
}
