import { html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { api } from "../api/client.ts";
import type { Peaks } from "../api/types.ts";
import { t } from "../i18n/index.ts";
import { fitPeaks } from "../sound/peaks.ts";
import { clock } from "./format.ts";
import { icon } from "./icons.ts";

const BAR = 3;
const GAP = 2;
const STEP = 5;

/** Plays one recording: two lanes, the agent above and the customer below, drawn from peaks that the server made. */
export class Player extends LitElement {
  #recording = "";
  #audio = new Audio();
  #peaks: Peaks | null = null;
  #trouble = false;
  #told = 0;
  #frame = 0;
  #sized = new ResizeObserver(() => this.#draw());

  set recording(id: string) {
    if (id === this.#recording) return;
    this.#recording = id;
    this.#peaks = null;
    this.#trouble = false;
    this.#audio.pause();
    this.#audio.preload = "metadata";
    this.#audio.src = api.audioUrl(id);
    void this.#loadPeaks(id);
    this.requestUpdate();
  }

  set duration(seconds: number) {
    this.#told = seconds;
  }

  constructor() {
    super();
    for (const event of ["play", "pause", "ended", "loadedmetadata", "seeked"]) {
      this.#audio.addEventListener(event, () => this.requestUpdate());
    }
    this.#audio.addEventListener("timeupdate", () => this.requestUpdate());
    this.#audio.addEventListener("play", () => this.#run());
    this.#audio.addEventListener("error", () => {
      this.#trouble = true;
      this.requestUpdate();
    });
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#audio.pause();
    this.#sized.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  get #length(): number {
    return Number.isFinite(this.#audio.duration) && this.#audio.duration > 0 ? this.#audio.duration : this.#told;
  }

  protected override render(): TemplateResult {
    const playing = !this.#audio.paused;
    const at = this.#audio.currentTime;
    const label = t("{position} of {length}", { position: clock(at * 1000), length: clock(this.#length * 1000) });
    return html`<div class="player" role="group" aria-label=${t("Recording")}>
      <div class="player-wave">
        <div class="player-lanes" aria-hidden="true"><span>${t("Agent")}</span><span>${t("Customer")}</span></div>
        <canvas
          class="player-canvas"
          data-testid="recording-wave"
          tabindex="0"
          role="slider"
          aria-label=${t("Position in the recording")}
          aria-valuemin="0"
          aria-valuemax=${Math.round(this.#length)}
          aria-valuenow=${Math.round(at)}
          aria-valuetext=${label}
          @pointerdown=${this.#point}
          @keydown=${this.#key}
        ></canvas>
      </div>
      <div class="player-bar">
        <button
          type="button"
          class="icon-button player-play"
          data-testid="recording-play"
          data-playing=${playing}
          aria-label=${playing ? t("Pause") : t("Play")}
          @click=${() => this.#toggle()}
        >
          ${icon(playing ? "pause" : "play")}
        </button>
        <span class="player-time" data-testid="recording-time"
          >${clock(at * 1000)} <span>/ ${clock(this.#length * 1000)}</span></span
        >
        <a
          class="button button-quiet"
          data-testid="recording-download"
          href="${api.audioUrl(this.#recording)}?download=1"
          download
          >${icon("download")}<span>${t("Download")}</span></a
        >
      </div>
      <p class="form-error" role="alert" ?hidden=${!this.#trouble}>
        ${t("The recording cannot be played here. Download it instead.")}
      </p>
    </div>`;
  }

  protected override firstUpdated(): void {
    const canvas = this.#canvas;
    if (canvas) this.#sized.observe(canvas);
  }

  protected override updated(_changes: PropertyValues): void {
    this.#draw();
  }

  get #canvas(): HTMLCanvasElement | null {
    return this.querySelector("canvas");
  }

  #toggle(): void {
    if (this.#audio.paused) void this.#audio.play().catch(() => (this.#trouble = true));
    else this.#audio.pause();
  }

  #run(): void {
    this.#draw();
    if (!this.#audio.paused) this.#frame = requestAnimationFrame(() => this.#run());
  }

  #seek(seconds: number): void {
    this.#audio.currentTime = Math.min(Math.max(0, seconds), this.#length);
    this.requestUpdate();
  }

  #point = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.#seek(((event.clientX - box.left) / box.width) * this.#length);
  };

  #key = (event: KeyboardEvent): void => {
    const moves: Record<string, () => void> = {
      ArrowLeft: () => this.#seek(this.#audio.currentTime - STEP),
      ArrowRight: () => this.#seek(this.#audio.currentTime + STEP),
      Home: () => this.#seek(0),
      End: () => this.#seek(this.#length),
      " ": () => this.#toggle(),
      Enter: () => this.#toggle(),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };

  async #loadPeaks(id: string): Promise<void> {
    const peaks = await api.peaks(id).catch(() => null);
    if (id !== this.#recording) return;
    this.#peaks = peaks;
    this.#draw();
  }

  #draw(): void {
    const canvas = this.#canvas;
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    const { width, height } = canvas.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    // Colours come by properties that a canvas does not use itself: a custom property would arrive unresolved.
    const style = getComputedStyle(canvas);
    const played = this.#length ? this.#audio.currentTime / this.#length : 0;
    const lanes: [number[], number, string][] = [
      [this.#peaks?.agent ?? [], height * 0.25, style.color],
      [this.#peaks?.other ?? [], height * 0.75, style.outlineColor],
    ];
    for (const [peaks, middle, lane] of lanes)
      drawLane(context, peaks, { width, middle, reach: height * 0.22, played, lane, rest: style.borderTopColor });
    context.fillStyle = style.caretColor;
    context.fillRect(Math.min(width - 2, played * width), 0, 2, height);
  }
}

interface Lane {
  width: number;
  middle: number;
  reach: number;
  played: number;
  lane: string;
  rest: string;
}

function drawLane(
  context: CanvasRenderingContext2D,
  peaks: number[],
  { width, middle, reach, played, lane, rest }: Lane,
): void {
  const columns = Math.max(1, Math.floor(width / (BAR + GAP)));
  fitPeaks(peaks, columns).forEach((peak, column) => {
    const half = Math.max(1, peak * reach);
    context.fillStyle = column / columns < played ? lane : rest;
    context.beginPath();
    context.roundRect(column * (BAR + GAP), middle - half, BAR, half * 2, 1.5);
    context.fill();
  });
}

customElements.define("ramal-player", Player);
