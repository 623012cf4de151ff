import { useCatalog, type Catalog } from "./index.ts";

/** Takes the catalogue that the page's `<html data-catalog>` names. A page without it shows its ids, which are English. */
export async function loadPageCatalog(): Promise<void> {
  const url = document.documentElement.dataset["catalog"];
  if (url) await load(url);
}

/** Changes the language of the page that is open; a call goes on. */
export async function loadLanguage(language: string): Promise<void> {
  await load(`/locale/${encodeURIComponent(language)}.json`);
  document.documentElement.lang = language;
}

async function load(url: string): Promise<void> {
  const response = await fetch(url, { credentials: "same-origin" });
  if (response.ok) useCatalog((await response.json()) as Catalog);
}
