import { html, nothing, type TemplateResult } from "lit";
import type { Card } from "../call/cards.ts";
import type { Step } from "../call/wishes.ts";
import { causeText, errorText, recordingText } from "../i18n/codes.ts";
import { t } from "../i18n/index.ts";
import type { Phone } from "../phone/phone.ts";
import { groupNumber } from "../number/group.ts";
import { clock, initials, whoIs } from "./format.ts";
import { icon, type IconName } from "./icons.ts";
import { keypad } from "./keypad.ts";
import type { App } from "./view.ts";

/** What a call card needs besides the call: which keypad is open, and what was typed on it. */
export interface CardOptions {
  app: App;
  now: number;
  keypadOpen: boolean;
  typed: string;
  toggleKeypad(): void;
  press(digit: string): void;
  /** A small card that lies over something else. */
  compact?: boolean;
}

export function callCard(card: Card, options: CardOptions): TemplateResult {
  if (card.state === "ended") return endedCard(card, options);
  if (options.compact && card.state !== "ringing-in") return callBar(card, options);
  const talking = card.state === "active" || card.state === "held";
  return html`<section
    class="call ${options.compact ? "call-compact" : ""}"
    data-testid="call-card"
    data-state=${card.state}
    data-where=${card.where}
    data-call=${card.call ?? ""}
    tabindex="-1"
    aria-label="${stateText(card)} · ${whoIs(card.number, card.name)}"
  >
    <p class="call-state">${icon(stateIcon(card))}${stateLine(card, stateText(card))}</p>
    ${
      options.keypadOpen && talking && !options.compact
        ? html`<div class="call-who call-who-small">${who(card)}${timer(card, options.now)}</div>
            <output class="call-typed" aria-live="off">${options.typed || "\u00a0"}</output>
            ${keypad("keypad", options.press)}`
        : html`<div class="call-who">${avatar(card)}${who(card)}${timer(card, options.now)}</div>`
    }
    ${chips(card)}
    ${card.state === "ringing-in" ? ringingControls(card, options) : liveControls(card, options, talking)}
  </section>`;
}

/** A live call as one row: over another view, or beside the call that is talked in. */
function callBar(card: Card, { app, now }: CardOptions): TemplateResult {
  const { phone } = app;
  const talking = card.state === "active" || card.state === "held";
  const inert = isInert(card);
  return html`<section
    class="call bar"
    data-testid="call-card"
    data-state=${card.state}
    data-where=${card.where}
    data-call=${card.call ?? ""}
    tabindex="-1"
    aria-label="${stateText(card)} · ${whoIs(card.number, card.name)}"
  >
    <a class="bar-who" href="/" data-route>
      <span class="call-state"
        >${icon(stateIcon(card))}${stateLine(card, isMoved(card) ? t("On another screen") : stateText(card))}</span
      >
      <span class="bar-name" data-testid="call-number" data-number=${card.number}
        >${whoIs(card.number, card.name)}</span
      >
      <span class="bar-timer" data-testid="call-timer"
        >${talking && card.acceptedAt !== null ? clock(now - card.acceptedAt) : ""}</span
      >
    </a>
    <div class="bar-tools">
      ${card.takable ? takeTool(card, app) : html`${muteTool(card, app, inert)} ${holdTool(card, app, inert)}`}
      <button
        type="button"
        class="bar-hangup"
        data-testid="call-hangup"
        aria-keyshortcuts="Alt+Q"
        aria-label=${talking ? t("Hang up") : t("Cancel call")}
        title=${talking ? t("Hang up") : t("Cancel call")}
        ?disabled=${card.waiting === "hang-up"}
        @click=${(event: MouseEvent) => hangUp(event, card, phone)}
      >
        ${icon("hangup")}
      </button>
    </div>
  </section>`;
}

function endedCard(card: Card, { app }: CardOptions): TemplateResult {
  const length = card.acceptedAt !== null && card.endedAt !== null ? clock(card.endedAt - card.acceptedAt) : "";
  const cause = card.cause ?? "ended";
  return html`<section
    class="ended"
    data-testid="call-card"
    data-state="ended"
    data-call=${card.call ?? ""}
    data-good=${cause === "ended"}
  >
    <span class="ended-icon">${icon(cause === "ended" ? "phone" : "hangup")}</span>
    <div class="ended-text">
      <p class="ended-reason" data-testid="call-reason" data-cause=${cause}>${causeText(cause)}</p>
      <p class="ended-who">
        <span data-testid="call-number">${whoIs(card.number, card.name)}</span
        >${length ? html`<span class="ended-length" data-testid="call-timer">${length}</span>` : nothing}
      </p>
    </div>
    <div class="ended-actions">
      ${
        card.number
          ? html`<button
              type="button"
              class="icon-button"
              data-testid="call-redial"
              title=${t("Redial")}
              aria-label=${t("Redial {number}", { number: card.number })}
              @click=${() => void app.phone.call(card.number)}
            >
              ${icon("retry")}
            </button>`
          : nothing
      }
      <button
        type="button"
        class="icon-button"
        data-testid="call-close"
        title=${t("Close")}
        aria-label=${t("Close")}
        @click=${() => app.phone.dismiss(card.key)}
      >
        ${icon("close")}
      </button>
    </div>
  </section>`;
}

/** The button to hang up lies where the one to call or answer was: the second click of a double one is not meant. */
function hangUp(event: MouseEvent, card: Card, phone: Phone): void {
  if (event.detail < 2) phone.hangUp(card.key);
}

function avatar(card: Card): TemplateResult {
  const letters = initials(card.name);
  return html`<span class="avatar" aria-hidden="true"
    ><span class="avatar-face">${letters || icon("user")}</span></span
  >`;
}

function who(card: Card): TemplateResult {
  const number = groupNumber(card.number);
  return html`<p class="call-line">
    ${
      card.name
        ? html`<span class="call-name" data-testid="call-name">${card.name}</span
            ><span class="call-sub" data-testid="call-number" data-number=${card.number}>${number}</span>`
        : html`<span class="call-name call-name-number" data-testid="call-number" data-number=${card.number}
            >${number || t("Unknown number")}</span
          >`
    }
  </p>`;
}

function timer(card: Card, now: number): TemplateResult {
  const running = card.acceptedAt !== null && (card.state === "active" || card.state === "held");
  return html`<p class="call-timer" data-testid="call-timer" role="timer" aria-live="off">
    ${running ? clock(now - (card.acceptedAt ?? now)) : "\u00a0"}
  </p>`;
}

function chips(card: Card): TemplateResult {
  const { recording } = card;
  const kind = recording === "on" ? "recording" : "warning";
  return html`<p class="chips">
    ${recording === "off" ? nothing : chip(kind, recordingText(recording), "call-recording", recording)}
    ${card.heldByOther ? chip("warning", t("On hold by the other side"), "call-held-by-other") : nothing}
    ${card.waiting === null ? nothing : chip("warning", waitingText(card.waiting), "call-waiting", card.waiting)}
    ${card.audioLost ? chip("warning", t("Reconnecting the audio…"), "call-audio-lost") : nothing}
    ${card.takeError === null ? nothing : chip("warning", errorText(card.takeError), "call-take-error", card.takeError)}
  </p>`;
}

/** What a person asked for while the connection was down. */
function waitingText(step: Step): string {
  switch (step) {
    case "hang-up":
      return t("Hangs up when the connection is back");
    case "hold":
      return t("Goes on hold when the connection is back");
    case "resume":
    case "restart":
      return t("Comes back when the connection is back");
  }
}

function chip(kind: string, text: string, id: string, state = ""): TemplateResult {
  return html`<span class="chip" data-kind=${kind} data-testid=${id} data-state=${state}>${text}</span>`;
}

function ringingControls(card: Card, { app }: CardOptions): TemplateResult {
  return html`<div class="call-choice">
    <button
      type="button"
      class="button button-danger button-huge"
      data-testid="call-refuse"
      aria-keyshortcuts="Alt+Q"
      @click=${() => app.phone.refuse(card.key)}
    >
      ${icon("hangup")}<span>${t("Refuse")}</span>
    </button>
    <button
      type="button"
      class="button button-call button-huge"
      data-testid="call-answer"
      aria-keyshortcuts="Alt+A"
      ?disabled=${card.answering}
      @click=${() => void app.phone.answer(card.key)}
    >
      ${icon("phone")}<span>${card.answering ? t("Answering…") : t("Answer")}</span>
    </button>
  </div>`;
}

function liveControls(card: Card, options: CardOptions, talking: boolean): TemplateResult {
  const { phone } = options.app;
  const inert = isInert(card);
  return html`<div class="call-controls">
    ${
      card.takable
        ? takeButton(card, options.app)
        : html`<div class="call-tools">
            ${muteTool(card, options.app, inert)} ${holdTool(card, options.app, inert)}
            ${tool("call-keypad", "keypad", t("Keypad"), options.keypadOpen, inert, "Alt+K", options.toggleKeypad)}
          </div>`
    }
    <button
      type="button"
      class="button button-danger button-huge"
      data-testid="call-hangup"
      aria-keyshortcuts="Alt+Q"
      ?disabled=${card.waiting === "hang-up"}
      @click=${(event: MouseEvent) => hangUp(event, card, phone)}
    >
      ${icon("hangup")}<span>${talking ? t("Hang up") : t("Cancel call")}</span>
    </button>
  </div>`;
}

/** Nothing can be done to it from here but to end it, or to take it. */
function isInert(card: Card): boolean {
  const talking = card.state === "active" || card.state === "held";
  return !talking || card.where !== "here" || card.waiting === "hang-up";
}

function takeButton(card: Card, { phone, store }: App): TemplateResult {
  return html`<button
    type="button"
    class="button button-call button-huge"
    data-testid="call-take"
    aria-keyshortcuts="Alt+A"
    ?disabled=${card.taking || !store.state.registered}
    @click=${() => void (card.call && phone.take(card.call))}
  >
    ${icon("phone")}<span>${card.taking ? t("Bringing the call here…") : t("Continue here")}</span>
  </button>`;
}

function takeTool(card: Card, { phone, store }: App): TemplateResult {
  const inert = card.taking || !store.state.registered;
  const take = (): void => void (card.call && phone.take(card.call));
  return tool("call-take", "phone", t("Continue here"), undefined, inert, "Alt+A", take);
}

function muteTool({ key, muted }: Card, { phone }: App, inert: boolean): TemplateResult {
  const label = muted ? t("Muted") : t("Mute");
  return tool("call-mute", muted ? "mic-off" : "mic", label, muted, inert, "Alt+M", () => phone.mute(key, !muted));
}

function holdTool({ key, state }: Card, { phone }: App, inert: boolean): TemplateResult {
  const held = state === "held";
  const label = held ? t("Resume") : t("Hold");
  return tool("call-hold", "pause", label, held, inert, "Alt+P", () => phone.hold(key, !held));
}

function tool(
  id: string,
  name: IconName,
  label: string,
  pressed: boolean | undefined,
  disabled: boolean,
  keys: string,
  act: () => void,
): TemplateResult {
  return html`<button
    type="button"
    class="tool"
    data-testid=${id}
    aria-pressed=${pressed === undefined ? nothing : String(pressed)}
    title=${label}
    aria-keyshortcuts=${keys}
    ?disabled=${disabled}
    @click=${act}
  >
    <span class="tool-face">${icon(name)}</span><span class="tool-label">${label}</span>
  </button>`;
}

/** The state, with a name for tests where the call is not here. */
function stateLine(card: Card, text: string): TemplateResult {
  const talking = card.state === "active" || card.state === "held";
  const name = card.where === "returning" ? "call-reconnecting" : "call-elsewhere";
  return html`<span data-testid=${talking && card.where !== "here" ? name : nothing}>${text}</span>`;
}

function isMoved(card: Card): boolean {
  return card.where === "elsewhere" && (card.state === "active" || card.state === "held");
}

export function stateText(card: Card): string {
  const talking = card.state === "active" || card.state === "held";
  if (talking && card.where === "returning") return t("Reconnecting the call…");
  if (isMoved(card)) return t("The call continues on another screen.");
  switch (card.state) {
    case "dialing":
      return t("Dialling…");
    case "ringing-out":
      return t("Ringing…");
    case "ringing-in":
      return t("Incoming call");
    case "active":
      return t("In call");
    case "held":
      return t("On hold");
    case "ended":
      return t("Call ended");
  }
}

function stateIcon(card: Card): IconName {
  if (card.state === "held") return "pause";
  return card.direction === "in" ? "in" : "out";
}
