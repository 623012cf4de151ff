import { html, nothing, type TemplateResult } from "lit";
import type { Card } from "../call/cards.ts";
import { inCall } from "../call/plan.ts";
import { roleText } from "../i18n/codes.ts";
import { t } from "../i18n/index.ts";
import type { Route } from "../router.ts";
import { banners } from "./banners.ts";
import { callCard } from "./call-card.ts";
import { helpPanel } from "./help.ts";
import { icon, type IconName } from "./icons.ts";
import { spoken } from "./announce.ts";
import { PhoneView } from "./phone-view.ts";
import { shortcut } from "./shortcuts.ts";
import { lineStatus } from "./status.ts";
import { View } from "./view.ts";

const CHUNKS = {
  calls: () => import("./history-view.ts"),
  lines: () => import("./lines-view.ts"),
  settings: () => import("./settings-view.ts"),
};

/** The frame around the views: navigation, the state of the line, what is said aloud, and a call that follows along. */
export class AppView extends View {
  #said = "";
  #help = false;
  #loaded = new Set<string>();
  #unlisten: (() => void) | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unlisten = this.app.store.listen((store, before) => this.#follow(before, store.cards));
    this.#ticker = setInterval(() => this.requestUpdate(), 1000);
    document.addEventListener("keydown", this.#pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unlisten?.();
    clearInterval(this.#ticker);
    document.removeEventListener("keydown", this.#pressed);
  }

  protected override render(): TemplateResult {
    const { store, router } = this.app;
    const { route } = router;
    const { me } = store.state;
    return html`<a class="skip" href="#main">${t("Skip to content")}</a>
      <header class="top">
        <a class="top-brand" href="/" data-route aria-label="Ramal">${brand()}</a>
        <nav class="nav" aria-label=${t("Sections")}>
          ${this.#link("/", "phone", t("Phone"), route.view === "phone", "nav-phone")}
          ${this.#link("/calls", "history", t("Calls"), route.view === "calls", "nav-calls")}
          ${
            me && me.role !== "agent"
              ? this.#link("/lines", "lines", t("Extensions"), route.view === "lines", "nav-lines")
              : nothing
          }
          ${this.#link("/settings", "settings", t("Settings"), route.view === "settings", "nav-settings")}
        </nav>
        <div class="top-side">
          ${lineStatus(store.state)}
          <button
            type="button"
            class="icon-button top-help"
            data-testid="help-open"
            aria-label=${t("Help and shortcuts")}
            title=${t("Help and shortcuts")}
            @click=${() => this.#showHelp(true)}
          >
            ${icon("help")}
          </button>
          <div class="top-user">
            <span class="top-name">${me?.name ?? ""}</span><span class="top-role">${me ? roleText(me.role) : ""}</span>
          </div>
          <button
            type="button"
            class="icon-button top-logout"
            data-testid="logout"
            aria-label=${t("Log out")}
            title=${t("Log out")}
            @click=${() => this.app.logOut()}
          >
            ${icon("logout")}
          </button>
        </div>
      </header>
      <main class="main" id="main" tabindex="-1">${banners(this.app)}${this.#view(route)}</main>
      ${route.view === "phone" ? nothing : this.#floating()}
      <p class="visually-hidden" role="status" aria-live="assertive" data-testid="announcer">${this.#said}</p>
      ${this.#help ? helpPanel(() => this.#showHelp(false)) : nothing}`;
  }

  #link(href: string, name: IconName, label: string, current: boolean, id: string): TemplateResult {
    return html`<a class="nav-link" href=${href} data-route data-testid=${id} aria-current=${current ? "page" : "false"}
      >${icon(name)}<span>${label}</span></a
    >`;
  }

  #view(route: Route): TemplateResult {
    switch (route.view) {
      case "phone":
        return html`<ramal-phone .app=${this.app}></ramal-phone>`;
      case "calls":
        return this.#whenLoaded(
          "calls",
          () => html`<ramal-history .app=${this.app} .call=${route.call}></ramal-history>`,
        );
      case "lines":
        return this.#whenLoaded("lines", () => html`<ramal-lines .app=${this.app}></ramal-lines>`);
      case "settings":
        return this.#whenLoaded("settings", () => html`<ramal-settings .app=${this.app}></ramal-settings>`);
    }
  }

  /** An element that is not defined yet would keep what is set on it from its own setters: it comes after its chunk. */
  #whenLoaded(name: keyof typeof CHUNKS, content: () => TemplateResult): TemplateResult {
    if (this.#loaded.has(name)) return content();
    void CHUNKS[name]().then(() => {
      this.#loaded.add(name);
      this.requestUpdate();
    });
    return html`<div class="loading" aria-busy="true"></div>`;
  }

  /** The call, small, over every view but the phone's own. */
  #floating(): TemplateResult {
    const live = this.app.store.cards.filter((card) => card.state !== "ended");
    return html`<aside class="floating" aria-label=${t("Call")}>
      ${live.map((card) =>
        callCard(card, {
          app: this.app,
          now: Date.now(),
          keypadOpen: false,
          typed: "",
          toggleKeypad: () => this.app.router.go("/"),
          press: () => undefined,
          compact: true,
        }),
      )}
    </aside>`;
  }

  #follow(before: Card[], after: Card[]): void {
    const text = spoken(before, after);
    if (text) this.#said = text;
    const wasIn = inCall(before);
    const isIn = inCall(after);
    if (wasIn !== isIn) void this.updateComplete.then(() => this.#moveFocus(isIn));
  }

  /** Into the call when one begins, back to the number when it ends; never away from something being written. */
  #moveFocus(intoCall: boolean): void {
    const active = document.activeElement;
    const writing = active instanceof HTMLInputElement && active.id !== "dial-input" && active.isConnected;
    if (writing || this.#help) return;
    const phone = this.querySelector<PhoneView>("ramal-phone");
    void phone?.updateComplete.then(() => {
      if (intoCall) phone.querySelector<HTMLElement>(".call")?.focus({ preventScroll: true });
      else if (matchMedia("(hover: hover)").matches) phone.focusNumber();
    });
  }

  #pressed = (event: KeyboardEvent): void => {
    const act = shortcut(event);
    if (!act) return;
    event.preventDefault();
    if (act === "help") this.#showHelp(!this.#help);
    else this.#act(act);
  };

  #act(act: "answer" | "hangup" | "mute" | "hold" | "keypad" | "number"): void {
    const { phone, router, store } = this.app;
    const ringing = store.cards.find((card) => card.state === "ringing-in");
    const own = store.cards.find((card) => card.where !== "elsewhere" && card.state !== "ended" && card !== ringing);
    const here = own?.where === "here" && own.acceptedAt !== null ? own : undefined;
    const takable = store.cards.find((card) => card.takable && card.call !== null);
    if (act === "answer" && ringing) void phone.answer(ringing.key);
    else if (act === "answer" && takable?.call) void phone.take(takable.call);
    else if (act === "hangup" && ringing) phone.refuse(ringing.key);
    else if (act === "hangup" && own) phone.hangUp(own.key);
    else if (act === "mute" && here) phone.mute(here.key, !here.muted);
    else if (act === "hold" && here) phone.hold(here.key, here.state !== "held");
    else if (act === "keypad" && here) this.querySelector<PhoneView>("ramal-phone")?.toggleKeypad(here);
    else if (act === "number") {
      router.go("/");
      void this.updateComplete.then(() => this.querySelector<PhoneView>("ramal-phone")?.focusNumber());
    }
  }

  #showHelp(open: boolean): void {
    if (open === this.#help) return;
    this.#help = open;
    this.requestUpdate();
    void this.updateComplete.then(() => {
      if (open) this.querySelector<HTMLDialogElement>("dialog.dialog")?.showModal();
      else this.querySelector<HTMLElement>(".top-help")?.focus();
    });
  }
}

function brand(): TemplateResult {
  return html`<span class="brand">
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="brand-tile" width="32" height="32" rx="9"></rect>
      <path class="brand-stem" d="M9 24v-7a8 8 0 0 1 8-8h1"></path>
      <circle class="brand-dot" cx="23" cy="9" r="2.6"></circle>
    </svg>
    <span class="brand-word">ramal</span>
  </span>`;
}

customElements.define("ramal-app", AppView);
