import { api } from "./api/client.ts";
import { announcements, inCall, readiness, tone } from "./call/plan.ts";
import type { Card } from "./call/cards.ts";
import { t } from "./i18n/index.ts";
import { loadPageCatalog } from "./i18n/load.ts";
import { Phone } from "./phone/phone.ts";
import { Router } from "./router.ts";
import { Tones } from "./sound/tones.ts";
import { preference } from "./storage.ts";
import { Store } from "./store.ts";
import { AppView } from "./views/app-view.ts";
import { whoIs } from "./views/format.ts";
import { installIcons } from "./views/icons.ts";
import { statusText } from "./views/status.ts";

/** Wires the page together: the only place where its parts meet. */
export async function run(): Promise<void> {
  const audio = document.querySelector<HTMLAudioElement>("#remote-audio");
  const place = document.querySelector("#app");
  if (!audio || !place) return;
  await loadPageCatalog();
  installIcons();
  const store = new Store();
  const redraw = (): boolean => window.dispatchEvent(new Event("ramal-redraw"));
  const tones = new Tones(redraw);
  const phone = new Phone(store, audio);
  const router = new Router(redraw);
  const view = new AppView();
  view.app = { store, phone, tones, router, redraw, logOut: () => void logOut(store, phone) };
  followCalls(store, tones);
  warnBeforeLeaving(store);
  leaveWhenOver(store);
  const unlock = (): void => {
    if (store.state.line) tones.unlock();
  };
  for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, unlock, { passive: true });
  place.replaceChildren(view);
  phone.start();
}

function followCalls(store: Store, tones: Tones): void {
  store.listen(({ cards, state }, before) => {
    if (state.line && !tones.ready) tones.unlock();
    tones.play(tone(cards));
    title(cards, statusText(readiness(state)));
    for (const { kind, card } of announcements(before, cards)) if (kind === "ringing-in") notify(card);
  });
}

/** The window's title tells of a call, so that it is seen in a hidden tab. */
function title(cards: Card[], status: string): void {
  const ringing = cards.find((card) => card.state === "ringing-in");
  const live = cards.find((card) => card.state !== "ended");
  if (ringing) document.title = `📞 ${t("Incoming call from {who}", { who: whoIs(ringing.number, ringing.name) })}`;
  else if (live) document.title = `${whoIs(live.number, live.name)} · Ramal`;
  else document.title = `${status} · Ramal`;
}

function notify(card: Card): void {
  if (
    !document.hidden ||
    !preference("notifications") ||
    !("Notification" in window) ||
    Notification.permission !== "granted"
  )
    return;
  const notification = new Notification(t("Incoming call"), {
    body: whoIs(card.number, card.name),
    tag: card.key,
    requireInteraction: true,
  });
  notification.onclick = () => {
    window.focus();
    notification.close();
  };
}

/** A reload gives the call back, a closed window does not, and the browser does not tell which of the two it will be. */
function warnBeforeLeaving(store: Store): void {
  window.addEventListener("beforeunload", (event) => {
    if (inCall(store.cards)) event.preventDefault();
  });
}

async function logOut(store: Store, phone: Phone): Promise<void> {
  if (inCall(store.cards) && !confirm(t("You are in a call. Log out and end it?"))) return;
  for (const card of store.cards) if (card.state !== "ended" && card.where !== "elsewhere") phone.hangUp(card.key);
  phone.stop();
  await api.logOut().catch(() => undefined);
  location.assign("/login");
}

/** Without a session there is only the log-in page, but a conversation is finished first. */
function leaveWhenOver(store: Store): void {
  store.listen(({ state, cards }) => {
    if (state.sessionOver && !inCall(cards)) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  });
}
