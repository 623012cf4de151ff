import { html, nothing, type TemplateResult } from "lit";
import { api, ApiError } from "../api/client.ts";
import type { Me, Theme } from "../api/types.ts";
import { errorText, roleText } from "../i18n/codes.ts";
import { language, t } from "../i18n/index.ts";
import { loadLanguage } from "../i18n/load.ts";
import { canChooseSpeaker, listDevices, MicrophoneError, openMicrophone, type Devices } from "../sound/devices.ts";
import { watchLevel } from "../sound/level.ts";
import { preference, setPreference, type Preference } from "../storage.ts";
import { icon } from "./icons.ts";
import { View } from "./view.ts";

const LANGUAGES: [string, string][] = [
  ["pt-BR", "Português (Brasil)"],
  ["es", "Español"],
  ["en", "English"],
];

/** Devices (kept in this browser), language and theme (kept with the user), the own password. */
export class SettingsView extends View {
  #devices: Devices = { microphones: [], speakers: [] };
  #microphone: MediaStream | null = null;
  #stopMeter: (() => void) | undefined;
  #trouble = "";
  #password: { kind: "good" | "bad"; text: string } | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    navigator.mediaDevices?.addEventListener("devicechange", this.#list);
    void this.#list();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    navigator.mediaDevices?.removeEventListener("devicechange", this.#list);
    this.#close();
  }

  protected override render(): TemplateResult {
    const { me } = this.app.store.state;
    return html`<div class="settings">
      <h1 class="page-title">${t("Settings")}</h1>
      ${this.#sound()} ${me ? this.#look(me) : nothing} ${this.#notifications()} ${this.#passwordForm()}
      <section class="panel">
        <h2 class="panel-title">${t("Account")}</h2>
        <p class="settings-line"><strong>${me?.name}</strong> · ${me ? roleText(me.role) : ""} · ${me?.account.name}</p>
        <button
          type="button"
          class="button button-quiet"
          data-testid="settings-logout"
          @click=${() => this.app.logOut()}
        >
          ${icon("logout")}<span>${t("Log out")}</span>
        </button>
      </section>
    </div>`;
  }

  #sound(): TemplateResult {
    const { microphones, speakers } = this.#devices;
    return html`<section class="panel">
      <h2 class="panel-title">${t("Sound")}</h2>
      <p class="hint">${t("These choices belong to this browser.")}</p>
      ${this.#select("microphone", t("Microphone"), microphones)}
      <div class="meter">
        <button
          type="button"
          class="button button-quiet"
          data-testid="settings-test-microphone"
          @click=${() => void (this.#microphone ? this.#close() : this.#listen())}
        >
          ${icon("mic")}<span>${this.#microphone ? t("Stop the test") : t("Test the microphone")}</span>
        </button>
        <meter
          class="meter-bar"
          data-testid="settings-level"
          min="0"
          max="1"
          low="0.2"
          high="0.92"
          optimum="0.6"
          aria-label=${t("Microphone level")}
        ></meter>
      </div>
      <p class="form-error" role="alert">${this.#trouble}</p>
      ${
        canChooseSpeaker()
          ? html`${this.#select("speaker", t("Speaker"), speakers)} ${this.#test("speaker", t("Test the speaker"))}
            ${this.#select("ringer", t("Ring on"), speakers)} ${this.#test("ringer", t("Test the ring"))}`
          : html`<p class="hint">${t("This browser plays all sound on the system's own speaker.")}</p>`
      }
    </section>`;
  }

  #select(name: "microphone" | "speaker" | "ringer", label: string, devices: MediaDeviceInfo[]): TemplateResult {
    const chosen = preference(name);
    const listed = devices.filter((device) => device.deviceId !== "default");
    return html`<label class="field">
      <span class="field-label">${label}</span>
      <select
        class="input"
        data-testid="settings-${name}"
        @change=${(event: Event) => this.#choose(name, (event.target as HTMLSelectElement).value)}
      >
        <option value="" ?selected=${chosen === ""}>${t("System default")}</option>
        ${listed.map(({ deviceId, label: name }) => option(deviceId, name, deviceId === chosen))}
      </select>
    </label>`;
  }

  #test(name: "speaker" | "ringer", label: string): TemplateResult {
    return html`<button
      type="button"
      class="button button-quiet"
      data-testid="settings-test-${name}"
      @click=${() => void this.app.tones.test(preference(name))}
    >
      ${icon("volume")}<span>${label}</span>
    </button>`;
  }

  #look(me: Me): TemplateResult {
    const themes: [Theme, string][] = [
      ["system", t("As the system")],
      ["light", t("Light")],
      ["dark", t("Dark")],
    ];
    return html`<section class="panel">
      <h2 class="panel-title">${t("Appearance")}</h2>
      <label class="field">
        <span class="field-label">${t("Language")}</span>
        <select
          class="input"
          data-testid="language"
          @change=${(event: Event) => void this.#speak((event.target as HTMLSelectElement).value)}
        >
          ${LANGUAGES.map(([tag, name]) => option(tag, name, tag === language(), tag))}
        </select>
      </label>
      <label class="field">
        <span class="field-label">${t("Theme")}</span>
        <select
          class="input"
          data-testid="theme"
          @change=${(event: Event) => void this.#dress((event.target as HTMLSelectElement).value as Theme)}
        >
          ${themes.map(([value, name]) => option(value, name, value === me.theme))}
        </select>
      </label>
    </section>`;
  }

  #notifications(): TemplateResult {
    if (!("Notification" in window)) return html``;
    const on = preference("notifications") !== "" && Notification.permission === "granted";
    const blocked = Notification.permission === "denied";
    return html`<section class="panel">
      <h2 class="panel-title">${t("Notifications")}</h2>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          data-testid="settings-notifications"
          .checked=${on}
          ?disabled=${blocked}
          @change=${this.#toggleNotifications}
        />
        <span>${t("Tell me of incoming calls when this page is hidden")}</span>
      </label>
      <p class="hint" ?hidden=${!blocked}>
        ${t("The browser blocks notifications of this site. Allow them beside the address.")}
      </p>
    </section>`;
  }

  #passwordForm(): TemplateResult {
    return html`<section class="panel">
      <h2 class="panel-title">${t("Password")}</h2>
      <form class="stack" @submit=${this.#changePassword}>
        <input
          class="visually-hidden"
          type="text"
          autocomplete="username"
          aria-hidden="true"
          tabindex="-1"
          .value=${this.app.store.state.me?.login ?? ""}
        />
        <label class="field">
          <span class="field-label">${t("Current password")}</span>
          <input
            class="input"
            type="password"
            name="current"
            autocomplete="current-password"
            required
            data-testid="settings-password-current"
          />
        </label>
        <label class="field">
          <span class="field-label">${t("New password")}</span>
          <input
            class="input"
            type="password"
            name="new"
            autocomplete="new-password"
            required
            data-testid="settings-password-new"
          />
        </label>
        <p
          class="form-result"
          role="status"
          data-testid="settings-password-result"
          data-kind=${this.#password?.kind ?? ""}
        >
          ${this.#password?.text ?? ""}
        </p>
        <button class="button button-primary" type="submit" data-testid="settings-password-submit">
          ${icon("key")}<span>${t("Change password")}</span>
        </button>
      </form>
    </section>`;
  }

  #list = async (): Promise<void> => {
    this.#devices = await listDevices();
    this.requestUpdate();
  };

  #choose(name: Preference, value: string): void {
    setPreference(name, value);
    if (name === "microphone" && this.#microphone) void this.#listen();
    void this.app.phone.devicesChanged();
  }

  async #listen(): Promise<void> {
    this.#close();
    try {
      this.#microphone = await openMicrophone();
      this.#trouble = "";
      const meter = this.querySelector<HTMLMeterElement>("meter");
      this.#stopMeter = watchLevel(this.#microphone, (level) => meter && (meter.value = level));
      await this.#list();
    } catch (error) {
      this.#trouble = microphoneProblem(error);
    }
    if (!this.isConnected) this.#close();
    this.requestUpdate();
  }

  #close(): void {
    this.#stopMeter?.();
    this.#stopMeter = undefined;
    this.#microphone?.getTracks().forEach((track) => track.stop());
    this.#microphone = null;
    this.requestUpdate();
  }

  async #speak(tag: string): Promise<void> {
    await loadLanguage(tag);
    this.app.redraw();
    await this.#changeMe({ language: tag });
  }

  async #dress(theme: Theme): Promise<void> {
    document.documentElement.dataset["theme"] = theme;
    await this.#changeMe({ theme });
  }

  async #changeMe(changes: { language?: string; theme?: Theme }): Promise<void> {
    const me = await api.changeMe(changes).catch(() => null);
    if (me) this.app.store.dispatch({ type: "me", me });
  }

  #toggleNotifications = async (event: Event): Promise<void> => {
    const wanted = (event.target as HTMLInputElement).checked;
    const allowed = wanted && (await Notification.requestPermission()) === "granted";
    setPreference("notifications", allowed ? "on" : "");
    this.requestUpdate();
  };

  #changePassword = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    try {
      await api.changePassword(String(data.get("current")), String(data.get("new")));
      this.#password = { kind: "good", text: t("The password is changed.") };
      form.reset();
    } catch (error) {
      const code = error instanceof ApiError ? error.code : "unknown";
      this.#password = {
        kind: "bad",
        text: code === "bad_credentials" ? t("The current password is wrong.") : errorText(code),
      };
    }
    this.requestUpdate();
  };
}

function option(value: string, name: string, chosen: boolean, lang?: string): TemplateResult {
  return html`<option value=${value} lang=${lang ?? nothing} ?selected=${chosen}>${name}</option>`;
}

function microphoneProblem(error: unknown): string {
  const trouble = error instanceof MicrophoneError ? error.trouble : "unknown";
  if (trouble === "denied") return t("The microphone is blocked. Allow it beside the address.");
  if (trouble === "missing") return t("No microphone was found.");
  if (trouble === "taken") return t("Another program is using the microphone.");
  return t("The microphone did not start.");
}

customElements.define("ramal-settings", SettingsView);
