import "@fontsource-variable/inter/wght.css";
import "./styles/index.css";
import { api, ApiError } from "./api/client.ts";
import { errorText } from "./i18n/codes.ts";
import { n } from "./i18n/index.ts";
import { loadPageCatalog } from "./i18n/load.ts";

const catalog = loadPageCatalog();
const form = document.querySelector<HTMLFormElement>("#login");
const message = document.querySelector<HTMLElement>("#login-error");

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn(form);
});

async function logIn(form: HTMLFormElement): Promise<void> {
  const data = new FormData(form);
  const button = form.querySelector<HTMLButtonElement>("button[type=submit]");
  if (button) button.disabled = true;
  say("");
  try {
    await api.logIn(String(data.get("login")).trim(), String(data.get("password")));
    const language = new URLSearchParams(location.search).get("language");
    // Somebody who chose a language here wants it on the phone as well.
    if (language) await api.changeMe({ language }).catch(() => undefined);
    location.assign(destination(form.dataset["next"]));
  } catch (error) {
    await catalog;
    say(explain(error));
    if (button) button.disabled = false;
    const password = form.querySelector<HTMLInputElement>("[name=password]");
    password?.focus();
    password?.select();
  }
}

/** Only a path of this site: `next` came from the address. */
function destination(next: string | undefined): string {
  const url = new URL(next || "/", location.origin);
  return url.origin === location.origin ? url.pathname + url.search : "/";
}

function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return errorText("unknown");
  const text = errorText(error.code);
  if (error.code !== "too_many_attempts" || !error.retryAfter) return text;
  return `${text} ${n("Try again in {count} second.", "Try again in {count} seconds.", error.retryAfter)}`;
}

function say(text: string): void {
  if (message) message.textContent = text;
}
