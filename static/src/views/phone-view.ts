import { html, nothing, type TemplateResult } from "lit";
import { api } from "../api/client.ts";
import type { Call } from "../api/types.ts";
import type { Card } from "../call/cards.ts";
import { inCall, readiness } from "../call/plan.ts";
import { causeText } from "../i18n/codes.ts";
import { t } from "../i18n/index.ts";
import { groupNumber } from "../number/group.ts";
import { readNumber } from "../number/read.ts";
import { callCard } from "./call-card.ts";
import { when, whoIs } from "./format.ts";
import { icon, type IconName } from "./icons.ts";
import { keypad } from "./keypad.ts";
import { lineNote, statusText } from "./status.ts";
import { View } from "./view.ts";

const RECENT = 12;

/** The phone: the deck (number entry, or the call in its place) and the latest calls beside it. */
export class PhoneView extends View {
  #number = "";
  #keypadFor = "";
  #typed = "";
  #recent: Call[] | null = null;
  #ended = "";
  #unlisten: (() => void) | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unlisten = this.app.store.listen(() => this.#followCalls());
    this.#ticker = setInterval(() => this.requestUpdate(), 1000);
    document.addEventListener("keydown", this.#typedAnywhere);
    void this.#loadRecent();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unlisten?.();
    clearInterval(this.#ticker);
    document.removeEventListener("keydown", this.#typedAnywhere);
  }

  toggleKeypad(card: Card): void {
    this.#keypadFor = this.#keypadFor === card.key ? "" : card.key;
    this.#typed = "";
    this.requestUpdate();
  }

  focusNumber(): void {
    this.querySelector<HTMLInputElement>("#dial-input")?.focus();
  }

  protected override render(): TemplateResult {
    const { cards } = this.app.store;
    const [first, second] = cards.filter((card) => card.state !== "ended");
    return html`<div class="phone">
      <h1 class="visually-hidden">${t("Phone")}</h1>
      <section class="deck" aria-label=${t("Phone")}>
        ${first ? this.#card(first, false) : this.#idle(cards.find((card) => card.state === "ended"))}
        ${second ? html`<div class="deck-second">${this.#card(second, true)}</div>` : nothing}
      </section>
      ${this.#recentCalls()}
    </div>`;
  }

  #card(card: Card, compact: boolean): TemplateResult {
    return callCard(card, {
      app: this.app,
      now: Date.now(),
      keypadOpen: this.#keypadFor === card.key,
      typed: this.#typed,
      toggleKeypad: () => this.toggleKeypad(card),
      press: (digit) => this.#press(card, digit),
      compact,
    });
  }

  #idle(ended: Card | undefined): TemplateResult {
    return readiness(this.app.store.state) === "no-line" ? this.#noLine() : this.#dialer(ended);
  }

  #noLine(): TemplateResult {
    return html`<div class="no-line">
      <span class="avatar" aria-hidden="true"><span class="avatar-face">${icon("lines")}</span></span>
      <p class="note-title">${t("You have no extension.")}</p>
      <p class="note-sub">${t("You can see calls and extensions, but not make calls.")}</p>
    </div>`;
  }

  #dialer(ended: Card | undefined): TemplateResult {
    const { state } = this.app.store;
    const ready = readiness(state);
    const last = this.#lastDialled();
    const empty = this.#number === "";
    const able = ready === "ready" && (!empty || last !== "");
    return html`<form class="dialer" @submit=${this.#submit}>
      <div class="deck-head">
        ${ended ? this.#card(ended, false) : lineNote(state, Date.now(), () => this.requestUpdate())}
      </div>
      <div class="entry">
        <input
          id="dial-input"
          class="entry-input"
          data-testid="dial-input"
          type="tel"
          inputmode="tel"
          autocomplete="off"
          enterkeyhint="go"
          maxlength="80"
          placeholder=${t("Enter a number")}
          aria-label=${t("Number to call")}
          .value=${this.#number}
          ?disabled=${!state.line}
          @input=${this.#typedInEntry}
          @paste=${this.#pasted}
        />
        <button
          type="button"
          class="icon-button entry-delete"
          aria-label=${t("Delete last digit")}
          ?hidden=${empty}
          @click=${() => this.#set(this.#number.slice(0, -1))}
        >
          ${icon("delete")}
        </button>
      </div>
      ${keypad("dial-key", (digit) => this.#set(this.#number + digit))}
      <button
        type="submit"
        class="button button-call button-huge"
        data-testid="dial-button"
        ?disabled=${!able}
        title=${ready === "ready" ? "" : statusText(ready)}
      >
        ${icon("phone")}<span>${empty && last ? redial(last) : t("Call")}</span>
      </button>
    </form>`;
  }

  #recentCalls(): TemplateResult {
    const calls = this.#recent;
    return html`<section class="recent" aria-labelledby="recent-title">
      <header class="panel-head">
        <h2 class="panel-title" id="recent-title">${t("Recent calls")}</h2>
        <a class="link" href="/calls" data-route>${t("All calls")}</a>
      </header>
      ${calls?.length === 0 ? noCalls() : nothing}
      <ul class="rows">
        ${(calls ?? []).map((call) => this.#recentRow(call))}
      </ul>
    </section>`;
  }

  #recentRow(call: Call): TemplateResult {
    const missed = call.direction === "in" && !call.answered_at;
    return html`<li class="row" data-testid="recent-row" data-cause=${call.cause ?? ""}>
      <a class="row-main" href="/calls/${call.id}" data-route>
        <span class="row-icon" data-missed=${missed}>${icon(directionIcon(call))}</span>
        <span class="row-text">
          <span class="row-title">${whoIs(call.number, call.name)}</span>
          <span class="row-sub">${outcome(call)}</span>
        </span>
        <time class="row-time" datetime=${call.started_at}>${when(call.started_at, this.zone)}</time>
      </a>
      ${
        this.app.store.state.line
          ? html`<button
              type="button"
              class="icon-button"
              aria-label=${t("Call {number}", { number: whoIs(call.number, call.name) })}
              title=${t("Call")}
              ?disabled=${!call.number}
              @click=${() => void this.#call(call.number)}
            >
              ${icon("phone")}
            </button>`
          : nothing
      }
    </li>`;
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    void this.#call(this.#number || this.#lastDialled());
  };

  async #call(number: string): Promise<void> {
    if (!(await this.app.phone.call(number))) return;
    this.#set("");
  }

  #set(number: string): void {
    this.#number = number;
    this.requestUpdate();
  }

  #typedInEntry = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    // People may write as they like; what is dialled is read from it. Letters stay out.
    const kept = input.value.replace(/[^0-9*#+()\-. /]/g, "");
    if (kept !== input.value) input.value = kept;
    this.#set(kept);
  };

  #pasted = (event: ClipboardEvent): void => {
    const number = readNumber(event.clipboardData?.getData("text") ?? "");
    if (!number) return;
    event.preventDefault();
    this.#set(groupNumber(number));
  };

  /** Digits go into the entry, or to the keypad of the call, wherever the focus is. */
  #typedAnywhere = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if ((event.target as Element).closest("input, textarea, select, dialog")) return;
    if (!/^[0-9*#+]$/.test(event.key)) return;
    const talking = this.app.store.cards.find((card) => card.state === "active" && card.where === "here");
    if (talking) {
      if (this.#keypadFor === talking.key && event.key !== "+") this.#press(talking, event.key);
    } else if (!inCall(this.app.store.cards)) {
      event.preventDefault();
      this.#set(this.#number + event.key);
      this.focusNumber();
    }
  };

  #press(card: Card, digit: string): void {
    this.app.phone.press(card.key, digit);
    this.#typed = (this.#typed + digit).slice(-24);
    this.requestUpdate();
  }

  #lastDialled(): string {
    return this.#recent?.find((call) => call.direction === "out")?.number ?? "";
  }

  /** The list is read again when a call has ended. */
  #followCalls(): void {
    const ended = Object.values(this.app.store.state.calls)
      .filter((call) => call.state === "ended")
      .map((call) => call.id)
      .join();
    if (ended === this.#ended) return;
    this.#ended = ended;
    void this.#loadRecent();
  }

  async #loadRecent(): Promise<void> {
    try {
      const { calls } = await api.calls({ limit: RECENT });
      this.#recent = calls.filter((call) => call.state === "ended");
    } catch {
      this.#recent ??= null;
    }
    this.requestUpdate();
  }
}

function redial(number: string): TemplateResult {
  return html`<span data-testid="redial">${t("Redial {number}", { number: groupNumber(number) })}</span>`;
}

function noCalls(): TemplateResult {
  return html`<p class="empty">${t("No calls yet. The ones you make and receive appear here.")}</p>`;
}

function outcome(call: Call): string {
  if (call.cause && call.cause !== "ended") return causeText(call.cause);
  return call.direction === "in" ? t("Received") : t("Dialled");
}

export function directionIcon(call: Call): IconName {
  if (call.direction === "out") return "out";
  return call.answered_at ? "in" : "phone-missed";
}

customElements.define("ramal-phone", PhoneView);
