import { html, type TemplateResult } from "lit";
import { t } from "../i18n/index.ts";
import { icon } from "./icons.ts";

/** The keys, in words. */
export function helpPanel(close: () => void): TemplateResult {
  const keys: [string, string][] = [
    ["Enter", t("Call the number in the entry")],
    ["0–9 * #", t("Write the number, or send keys in a call while the keypad is open")],
    ["Alt + N", t("Go to the number entry")],
    ["Alt + A", t("Answer")],
    ["Alt + Q", t("Refuse, cancel or hang up")],
    ["Alt + M", t("Mute the microphone, or open it")],
    ["Alt + P", t("Hold, or resume")],
    ["Alt + K", t("Open or close the keypad")],
    ["F1", t("Open or close this help")],
  ];
  return html`<dialog
    class="dialog"
    aria-labelledby="help-title"
    data-testid="help-panel"
    @close=${close}
    @click=${(event: Event) => event.target === event.currentTarget && close()}
  >
    <div class="panel-head">
      <h2 class="panel-title" id="help-title">${t("Keyboard shortcuts")}</h2>
      <button type="button" class="icon-button" aria-label=${t("Close")} @click=${close}>${icon("close")}</button>
    </div>
    <dl class="keys">
      ${keys.map(
        ([key, text]) =>
          html`<div class="keys-row">
            <dt><kbd>${key}</kbd></dt>
            <dd>${text}</dd>
          </div>`,
      )}
    </dl>
    <p class="hint">${t("With Tab and Enter you reach everything else. On a Mac, Alt is the Option key.")}</p>
  </dialog>`;
}
