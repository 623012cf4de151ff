import { html, nothing, type TemplateResult } from "lit";
import { inCall } from "../call/plan.ts";
import type { MicrophoneTrouble } from "../call/state.ts";
import { t } from "../i18n/index.ts";
import { icon, type IconName } from "./icons.ts";
import type { App } from "./view.ts";

/** What a person should know or do about the page itself. */
export function banners(app: App): TemplateResult {
  const { state, cards } = app.store;
  const shown: TemplateResult[] = [];
  if (state.microphone) {
    const [title, help] = microphoneText(state.microphone);
    shown.push(banner("microphone", "mic-off", title, help));
  }
  if (app.tones.silent && state.line) {
    const enable = html`<button
      type="button"
      class="button button-quiet"
      data-testid="ring-enable"
      @click=${() => app.tones.unlock()}
    >
      ${t("Enable the ring")}
    </button>`;
    shown.push(
      banner(
        "ring",
        "bell",
        t("The browser is holding the ring back."),
        t("Click once so that you hear incoming calls."),
        enable,
      ),
    );
  }
  if (state.sessionOver && inCall(cards)) {
    shown.push(
      banner("session", "info", t("Your session has ended."), t("The call goes on; log in again when it is over.")),
    );
  }
  const full = cards.some((card) => card.recording === "disk_full" && card.state !== "ended");
  if (full)
    shown.push(
      banner(
        "disk",
        "alert",
        t("The recording stopped: the disk is full."),
        t("The call goes on. Tell your administrator."),
      ),
    );
  return html`<div class="banners">${shown}</div>`;
}

function banner(kind: string, name: IconName, title: string, text: string, action?: TemplateResult): TemplateResult {
  return html`<div class="banner" role="status" data-testid="banner" data-kind=${kind}>
    ${icon(name)}
    <p class="banner-text"><strong>${title}</strong> ${text}</p>
    ${action ?? nothing}
  </div>`;
}

function microphoneText(trouble: MicrophoneTrouble): [string, string] {
  switch (trouble) {
    case "denied":
      return [
        t("The microphone is blocked."),
        t("Allow it in the browser: click the icon beside the address, then call again."),
      ];
    case "missing":
      return [t("No microphone was found."), t("Plug in a headset, or choose another microphone in Settings.")];
    case "taken":
      return [t("Another program is using the microphone."), t("Close it, then call again.")];
    case "insecure":
      return [t("The browser gives no microphone to this address."), t("Open Ramal by https.")];
    case "lost":
      return [
        t("The microphone has gone."),
        t("Plug it in again, or choose another one in Settings. The other side does not hear you."),
      ];
    case "unknown":
      return [t("The microphone did not start."), t("Try again, or choose another one in Settings.")];
  }
}
