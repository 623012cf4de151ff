/** What this browser remembers: devices and the like. A full or forbidden storage is no reason to fail. */
export type Preference = "microphone" | "speaker" | "ringer" | "notifications";

export function preference(name: Preference): string {
  try {
    return localStorage.getItem(`ramal.${name}`) ?? "";
  } catch {
    return "";
  }
}

export function setPreference(name: Preference, value: string): void {
  try {
    if (value) localStorage.setItem(`ramal.${name}`, value);
    else localStorage.removeItem(`ramal.${name}`);
  } catch {
    // The choice holds for this page only.
  }
}
