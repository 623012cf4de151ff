export type Shortcut = "answer" | "hangup" | "mute" | "hold" | "keypad" | "number" | "help";

/** With Alt: no browser of ours uses these, and a screen reader passes them on. By place, as Option changes letters. */
const BY_CODE: Record<string, Shortcut> = {
  KeyA: "answer",
  KeyQ: "hangup",
  KeyM: "mute",
  KeyP: "hold",
  KeyK: "keypad",
  KeyN: "number",
};

export function shortcut(event: KeyboardEvent): Shortcut | undefined {
  if (event.key === "F1") return "help";
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return undefined;
  return BY_CODE[event.code];
}
