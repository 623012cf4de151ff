import { html, nothing, type TemplateResult } from "lit";
import { api } from "../api/client.ts";
import type { Call, CallDetail } from "../api/types.ts";
import { steps, type Step } from "../call/steps.ts";
import { callStateText, causeText, endedByText, recordingText } from "../i18n/codes.ts";
import { t } from "../i18n/index.ts";
import { groupNumber } from "../number/group.ts";
import { clock, fullTime, hourOf, when, whoIs } from "./format.ts";
import { icon } from "./icons.ts";
import { directionIcon } from "./phone-view.ts";
import "./player.ts";
import { View } from "./view.ts";

const PAGE = 50;
const TYPING = 250;

/** The history: what was called, when, with what end, and its recording. */
export class HistoryView extends View {
  #call: string | null = null;
  #detail: CallDetail | null = null;
  #calls: Call[] | null = null;
  #next: string | null = null;
  #failed = false;
  #filter = { q: "", direction: "", outcome: "" };
  #typing: ReturnType<typeof setTimeout> | undefined;
  #request = 0;
  #seen = "";
  #unlisten: (() => void) | undefined;

  set call(id: string | null) {
    if (id === this.#call) return;
    this.#call = id;
    this.#detail = null;
    if (id) void this.#loadDetail(id);
    this.requestUpdate();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unlisten = this.app.store.listen(() => this.#followCalls());
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unlisten?.();
    clearTimeout(this.#typing);
  }

  protected override render(): TemplateResult {
    return html`<div class="history" data-detail=${this.#call !== null}>
      <section class="panel history-list" aria-labelledby="history-title">
        <header class="panel-head"><h1 class="page-title" id="history-title">${t("Calls")}</h1></header>
        ${this.#filters()} ${this.#list()}
      </section>
      ${this.#call ? this.#detailPanel() : nothing}
    </div>`;
  }

  #filters(): TemplateResult {
    const choose = (name: "direction" | "outcome") => (event: Event) =>
      this.#choose(name, (event.target as HTMLSelectElement).value);
    return html`<div class="filters" role="search">
      <label class="search">
        ${icon("search")}<span class="visually-hidden">${t("Search")}</span>
        <input
          class="input"
          type="search"
          data-testid="history-search"
          placeholder=${t("Number or name")}
          .value=${this.#filter.q}
          @input=${this.#typed}
        />
      </label>
      <select class="input" data-testid="history-direction" aria-label=${t("Direction")} @change=${choose("direction")}>
        <option value="">${t("Made and received")}</option>
        <option value="out">${t("Made")}</option>
        <option value="in">${t("Received")}</option>
      </select>
      <select class="input" data-testid="history-outcome" aria-label=${t("Outcome")} @change=${choose("outcome")}>
        <option value="">${t("Any outcome")}</option>
        <option value="answered">${t("Answered")}</option>
        <option value="missed">${t("Missed")}</option>
      </select>
    </div>`;
  }

  #list(): TemplateResult {
    if (this.#failed) {
      return html`<div class="empty">
        <p>${t("The calls could not be read.")}</p>
        <button type="button" class="button button-quiet" @click=${() => void this.#load()}>
          ${icon("retry")}<span>${t("Try again")}</span>
        </button>
      </div>`;
    }
    if (this.#calls?.length === 0) return html`<p class="empty">${t("No call matches.")}</p>`;
    return html`<ul class="rows" aria-busy=${this.#calls === null ? "true" : "false"}>
        ${(this.#calls ?? []).map((call) => this.#row(call))}
      </ul>
      ${
        this.#next
          ? html`<button
              type="button"
              class="button button-quiet more"
              data-testid="history-more"
              @click=${() => void this.#load(this.#next ?? undefined)}
            >
              ${t("Show more")}
            </button>`
          : nothing
      }`;
  }

  #row(call: Call): TemplateResult {
    const missed = call.direction === "in" && !call.answered_at;
    const bad = call.cause !== null && call.cause !== "ended";
    const supervised = this.app.store.state.me?.role !== "agent";
    return html`<li
      class="row row-wide"
      data-testid="history-row"
      data-cause=${call.cause ?? ""}
      data-call=${call.id}
      data-direction=${call.direction}
    >
      <a class="row-main" href="/calls/${call.id}" data-route aria-current=${call.id === this.#call ? "true" : "false"}>
        <span class="row-icon" data-missed=${missed}>${icon(directionIcon(call))}</span>
        <span class="row-text">
          <span class="row-title">${whoIs(call.number, call.name)}</span>
          <span class="row-sub">${rowFacts(call, supervised)}</span>
        </span>
        <span class="row-cause" data-bad=${bad}>${call.cause ? causeText(call.cause) : callStateText(call.state)}</span>
        <span class="row-mark">${call.recording ? recordedMark() : nothing}</span>
        <span class="row-length"
          >${call.duration !== null && call.answered_at ? clock(call.duration * 1000) : "–"}</span
        >
        <time class="row-time" datetime=${call.started_at}>${when(call.started_at, this.zone)}</time>
      </a>
    </li>`;
  }

  #detailPanel(): TemplateResult {
    const call = this.#detail;
    return html`<section class="panel detail" data-testid="history-detail" aria-labelledby="detail-title">
      <header class="panel-head">
        <a
          class="icon-button"
          href="/calls"
          data-route
          aria-label=${t("Back to the list")}
          title=${t("Back to the list")}
          >${icon("back")}</a
        >
        <h1 class="panel-title" id="detail-title">${call ? whoIs(call.number, call.name) : t("Call")}</h1>
        ${
          call?.number && this.app.store.state.line
            ? html`<button type="button" class="button button-quiet" @click=${() => this.#callAgain(call.number)}>
                ${icon("phone")}<span>${t("Call")}</span>
              </button>`
            : nothing
        }
      </header>
      ${call ? this.#facts(call) : nothing}
    </section>`;
  }

  #facts(call: CallDetail): TemplateResult {
    const { zone } = this;
    const facts: [string, string][] = [
      [t("Direction"), call.direction === "in" ? t("Received") : t("Dialled")],
      [t("Number"), groupNumber(call.number) || t("Unknown number")],
      [t("Began"), fullTime(call.started_at, zone)],
      [t("Answered"), call.answered_at ? hourOf(call.answered_at, zone) : "–"],
      [t("Ended"), call.ended_at ? hourOf(call.ended_at, zone) : "–"],
      [t("Conversation"), call.answered_at && call.duration !== null ? clock(call.duration * 1000) : "–"],
    ];
    if (call.agent) facts.splice(2, 0, [t("Agent"), call.agent]);
    const by = call.ended_by ? endedByText(call.ended_by) : "";
    if (by) facts.push([t("Ended by"), by]);
    const bad = call.cause !== null && call.cause !== "ended";
    return html`<p class="detail-cause" data-bad=${bad}>
        ${call.cause ? causeText(call.cause) : callStateText(call.state)}${
          call.sip_status && bad
            ? html`<span class="detail-code"
                >SIP ${call.sip_status}${call.sip_reason ? ` ${call.sip_reason}` : ""}</span
              >`
            : nothing
        }
      </p>
      ${this.#recording(call)}
      <dl class="facts">
        ${facts.map(
          ([name, value]) =>
            html`<div class="fact">
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      <h2 class="detail-heading">${t("What happened")}</h2>
      <ol class="steps">
        ${steps(call.events).map(
          (step) =>
            html`<li class="step">
              <time datetime=${step.at}>${hourOf(step.at, zone)}</time><span>${stepText(step)}</span>
            </li>`,
        )}
      </ol>`;
  }

  #recording(call: CallDetail): TemplateResult {
    const { recording } = call;
    if (!recording)
      return html`<p class="detail-note">
        ${call.answered_at ? t("This call was not recorded.") : t("There is no recording: the call was not answered.")}
      </p>`;
    if (recording.state === "failed")
      return html`<p class="detail-note">${t("The recording could not be made playable.")}</p>`;
    if (recording.state === "processing")
      return html`<p class="detail-note" aria-busy="true">${t("The recording is being prepared…")}</p>`;
    return html`<ramal-player .recording=${recording.id} .duration=${recording.duration ?? 0}></ramal-player>`;
  }

  #callAgain(number: string): void {
    this.app.router.go("/");
    void this.app.phone.call(number);
  }

  #typed = (event: Event): void => {
    this.#filter.q = (event.target as HTMLInputElement).value;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#load(), TYPING);
  };

  #choose(name: "direction" | "outcome", value: string): void {
    this.#filter[name] = value;
    void this.#load();
  }

  /** A call that ended, or whose recording became ready, changes the list and the open call. */
  #followCalls(): void {
    const seen = Object.values(this.app.store.state.calls)
      .map((call) => `${call.id}${call.state}${call.recording?.state ?? ""}`)
      .join();
    if (seen === this.#seen) return;
    this.#seen = seen;
    void this.#load();
    if (this.#call) void this.#loadDetail(this.#call);
  }

  async #load(cursor?: string): Promise<void> {
    const request = ++this.#request;
    try {
      const page = await api.calls({ ...this.#filter, limit: PAGE, cursor });
      if (request !== this.#request) return;
      this.#calls = cursor ? [...(this.#calls ?? []), ...page.calls] : page.calls;
      this.#next = page.next;
      this.#failed = false;
    } catch {
      if (request === this.#request) this.#failed = true;
    }
    this.requestUpdate();
  }

  async #loadDetail(id: string): Promise<void> {
    const call = await api.call(id).catch(() => null);
    if (id !== this.#call) return;
    this.#detail = call;
    this.requestUpdate();
  }
}

function rowFacts(call: Call, supervised: boolean): string {
  const missed = call.direction === "in" && !call.answered_at;
  const way = call.direction === "out" ? t("Dialled") : missed ? t("Missed") : t("Received");
  return [way, call.name ? groupNumber(call.number) : "", supervised ? call.agent : ""].filter(Boolean).join(" · ");
}

function recordedMark(): TemplateResult {
  return html`<span class="mark-recording" title=${t("Recorded")}
    ><span class="visually-hidden">${t("Recorded")}</span></span
  >`;
}

function stepText({ kind, cause, recording }: Step): string {
  switch (kind) {
    case "early_media":
      return t("The other side is heard before it answers");
    case "held":
      return t("On hold");
    case "resumed":
      return t("Resumed");
    case "held_by_other":
      return t("Put on hold by the other side");
    case "resumed_by_other":
      return t("Resumed by the other side");
    case "muted":
      return t("Microphone muted");
    case "unmuted":
      return t("Microphone open");
    case "recording":
      return recordingText(recording ?? "off");
    default:
      return cause ? causeText(cause) : callStateText(kind);
  }
}

customElements.define("ramal-history", HistoryView);
