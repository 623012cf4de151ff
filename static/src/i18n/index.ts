/**
 * Texts of the page. The catalogue is made by the server from the PO files; English messages are their own ids, codes
 * of the server (`cause.busy`) are listed in `codes.ts`.
 */
export interface Catalog {
  language: string;
  messages: Record<string, string | string[]>;
}

export type Values = Record<string, string | number>;

let catalog: Catalog = { language: "en", messages: {} };
let plurals = new Intl.PluralRules("en");

export function useCatalog(next: Catalog): void {
  catalog = next;
  plurals = new Intl.PluralRules(next.language);
}

export function language(): string {
  return catalog.language;
}

/** The text of `id` with `{name}` replaced by `values.name`. */
export function t(id: string, values: Values = {}): string {
  const text = catalog.messages[id];
  return fill(typeof text === "string" && text ? text : id, values);
}

/**
 * The plural form of a message for `count`, with `{count}` in it. PO rules of our three languages have two forms; Intl
 * has a third one ("many", for 1,000,000) that takes PO's second form.
 */
export function n(one: string, other: string, count: number, values: Values = {}): string {
  const forms = catalog.messages[one];
  const [first, second] = Array.isArray(forms) ? forms : [one, other];
  const form = plurals.select(count) === "one" ? first : second;
  return fill(form || other, { count, ...values });
}

/** The text of a server code, or `undefined` where the catalogue has none. */
export function lookup(id: string): string | undefined {
  const text = catalog.messages[id];
  return typeof text === "string" && text ? text : undefined;
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
