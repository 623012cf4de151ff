const KEY = "ramal.handset";

/**
 * The id of this page towards the gateway: it survives a reload and ends with the tab. A duplicated tab starts with the
 * same one; the gateway then gives it another.
 */
export function handsetId(): string {
  const known = sessionStorage.getItem(KEY);
  return known ?? keepHandsetId(randomId());
}

export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function keepHandsetId(id: string): string {
  sessionStorage.setItem(KEY, id);
  return id;
}
