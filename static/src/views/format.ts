import { language, t } from "../i18n/index.ts";
import { groupNumber } from "../number/group.ts";

/** 3:07, 1:02:09. */
export function clock(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const tail = `${String(minutes).padStart(hours ? 2 : 1, "0")}:${String(seconds).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** The time of day for today, else day and time, in the account's zone. */
export function when(time: string, zone: string, now = new Date()): string {
  const at = new Date(time);
  const day = new Intl.DateTimeFormat(language(), { timeZone: zone, dateStyle: "short" });
  const hour = new Intl.DateTimeFormat(language(), { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(at);
  if (day.format(at) === day.format(now)) return hour;
  const yesterday = new Date(now.getTime() - 86_400_000);
  if (day.format(at) === day.format(yesterday)) return t("yesterday, {time}", { time: hour });
  const short = new Intl.DateTimeFormat(language(), { timeZone: zone, day: "2-digit", month: "short" }).format(at);
  return `${short}, ${hour}`;
}

export function fullTime(time: string, zone: string): string {
  return new Intl.DateTimeFormat(language(), { timeZone: zone, dateStyle: "medium", timeStyle: "medium" }).format(
    new Date(time),
  );
}

export function hourOf(time: string, zone: string): string {
  return new Intl.DateTimeFormat(language(), {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).format(new Date(time));
}

/** Who the other side is: its name, else its number, else that it is not told. */
export function whoIs(number: string, name: string | null): string {
  return name || groupNumber(number) || t("Unknown number");
}

/** One or two letters for an avatar, or nothing where there is no name. */
export function initials(name: string | null): string {
  const words = (name ?? "")
    .trim()
    .split(/\s+/)
    .filter((word) => /^\p{L}/u.test(word));
  const last = words.length > 1 ? (words.at(-1)?.[0] ?? "") : "";
  return ((words[0]?.[0] ?? "") + last).toUpperCase();
}
