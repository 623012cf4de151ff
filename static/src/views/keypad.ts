import { html, nothing, type TemplateResult } from "lit";
import { t } from "../i18n/index.ts";

const KEYS: [string, string][] = [
  ["1", ""],
  ["2", "ABC"],
  ["3", "DEF"],
  ["4", "GHI"],
  ["5", "JKL"],
  ["6", "MNO"],
  ["7", "PQRS"],
  ["8", "TUV"],
  ["9", "WXYZ"],
  ["*", ""],
  ["0", "+"],
  ["#", ""],
];

const keyName = (key: string): string => (key === "*" ? "star" : key === "#" ? "pound" : key);
// A digit is its own name; only the signs have a spoken one.
const spoken = (key: string): string | typeof nothing => (key === "*" ? t("star") : key === "#" ? t("pound") : nothing);

/** Twelve keys; `prefix` begins their names for tests. */
export function keypad(prefix: string, pressed: (key: string) => void): TemplateResult {
  return html`<div class="pad" role="group" aria-label=${t("Keypad")}>
    ${KEYS.map(
      ([key, letters]) =>
        html`<button
          type="button"
          class="pad-key"
          data-testid="${prefix}-${keyName(key)}"
          aria-label=${spoken(key)}
          @click=${() => pressed(key)}
        >
          <span class="pad-digit">${key}</span><span class="pad-letters" aria-hidden="true">${letters}</span>
        </button>`,
    )}
  </div>`;
}
