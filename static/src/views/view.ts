import { LitElement } from "lit";
import type { Phone } from "../phone/phone.ts";
import type { Router } from "../router.ts";
import type { Tones } from "../sound/tones.ts";
import type { Store } from "../store.ts";

/** What every view may use. */
export interface App {
  store: Store;
  phone: Phone;
  tones: Tones;
  router: Router;
  /** Renders everything anew: after a change of language. */
  redraw(): void;
  logOut(): void;
}

/** A view in the light DOM that follows the store. Its own state is plain fields and a `requestUpdate()`. */
export abstract class View extends LitElement {
  declare app: App;
  #unlisten: (() => void) | undefined;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unlisten = this.app.store.listen(() => this.requestUpdate());
    window.addEventListener("ramal-redraw", this.#redraw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unlisten?.();
    window.removeEventListener("ramal-redraw", this.#redraw);
  }

  get zone(): string {
    return this.app.store.state.me?.account.time_zone ?? "UTC";
  }

  #redraw = (): void => this.requestUpdate();
}
