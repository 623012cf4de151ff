import { html, nothing, type TemplateResult } from "lit";
import { api, ApiError } from "../api/client.ts";
import type { Line } from "../api/types.ts";
import { errorText, lineReasonText, lineStateText } from "../i18n/codes.ts";
import { n, t } from "../i18n/index.ts";
import { hourOf } from "./format.ts";
import { icon } from "./icons.ts";
import { View } from "./view.ts";

/** The extensions of the account with the state that the gateway sees; an administrator gives a new secret here. */
export class LinesView extends View {
  #editing = "";
  #message = "";

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override render(): TemplateResult {
    const { lines, me } = this.app.store.state;
    return html`<div class="lines">
      <section class="panel">
        <header class="panel-head"><h1 class="page-title">${t("Extensions")}</h1></header>
        ${lines.length ? nothing : html`<p class="empty">${t("There is no extension in this account.")}</p>`}
        <ul class="rows">
          ${lines.map((line) => this.#row(line, me?.role === "admin"))}
        </ul>
        <p class="form-error" role="alert">${this.#message}</p>
      </section>
    </div>`;
  }

  #row(line: Line, admin: boolean): TemplateResult {
    const trouble = line.state === "offline" || line.state === "refused";
    return html`<li class="line" data-testid="lines-row" data-state=${line.state} data-line=${line.id}>
      <div class="line-main">
        <span class="line-number">${line.number}</span>
        <span class="row-text">
          <span class="row-title">${line.name ?? line.user ?? ""}</span>
          <span class="row-sub"
            >${n("{count} page open", "{count} pages open", line.handsets)} ·
            ${line.recording ? t("Calls are recorded") : t("Calls are not recorded")}</span
          >
        </span>
        <span class="status status-plain" data-state=${line.state}
          ><span class="status-dot" aria-hidden="true"></span
          ><span class="status-text">${lineStateText(line.state)}</span></span
        >
        ${
          admin
            ? html`<button
                type="button"
                class="button button-quiet"
                data-testid="line-secret-open"
                aria-expanded=${this.#editing === line.id ? "true" : "false"}
                @click=${() => this.#edit(line.id)}
              >
                ${icon("key")}<span>${t("New PBX password")}</span>
              </button>`
            : nothing
        }
      </div>
      ${
        trouble && line.reason
          ? html`<p class="line-trouble">
              ${lineReasonText(line.reason)}. ${line.detail ? html`<q>${line.detail}</q>` : nothing}
              ${line.retry_at ? t("Next try at {time}.", { time: hourOf(line.retry_at, this.zone) }) : nothing}
            </p>`
          : nothing
      }
      ${this.#editing === line.id ? this.#form(line) : nothing}
    </li>`;
  }

  #form(line: Line): TemplateResult {
    return html`<form class="line-form" @submit=${(event: SubmitEvent) => void this.#save(event, line)}>
      <label class="field">
        <span class="field-label">${t("PBX password of extension {number}", { number: line.number })}</span>
        <input class="input" type="password" name="secret" autocomplete="off" required data-testid="line-secret" />
      </label>
      <button class="button button-primary" type="submit" data-testid="line-secret-save">${t("Save and try")}</button>
    </form>`;
  }

  #edit(line: string): void {
    this.#editing = this.#editing === line ? "" : line;
    this.#message = "";
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLInputElement>("[name=secret]")?.focus());
  }

  async #save(event: SubmitEvent, line: Line): Promise<void> {
    event.preventDefault();
    const secret = String(new FormData(event.target as HTMLFormElement).get("secret"));
    try {
      await api.setSecret(line.id, secret);
      this.#editing = "";
      this.#message = "";
    } catch (error) {
      this.#message = errorText(error instanceof ApiError ? error.code : "unknown");
    }
    this.requestUpdate();
  }

  /** The feed tells every change; this is for a page that opened here before the feed did. */
  async #load(): Promise<void> {
    if (this.app.store.state.lines.length) return;
    try {
      const { lines } = await api.lines();
      this.app.store.dispatch({ type: "lines", lines });
    } catch (error) {
      this.#message = errorText(error instanceof ApiError ? error.code : "unknown");
    }
    this.requestUpdate();
  }
}

customElements.define("ramal-lines", LinesView);
