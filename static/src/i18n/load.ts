import { useCatalog, type Catalog } from "./index.ts";

/** Takes the catalogue of the page's language. A page without it shows its ids, which are English. */
export async function loadPageCatalog(): Promise<void> {
  await load(document.documentElement.lang);
}

/** Changes the language of the page that is open; a call goes on. */
export async function loadLanguage(language: string): Promise<void> {
  if (await load(language)) document.documentElement.lang = language;
}

/** The page names the address of every catalogue: `<html data-catalogs>`. */
async function load(language: string): Promise<boolean> {
  const urls = JSON.parse(document.documentElement.dataset["catalogs"] ?? "{}") as Record<string, string>;
  const url = urls[language];
  const response = url ? await fetch(url, { credentials: "same-origin" }).catch(() => null) : null;
  if (!response?.ok) return false;
  useCatalog((await response.json()) as Catalog);
  return true;
}
