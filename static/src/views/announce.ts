import type { Card } from "../call/cards.ts";
import { announcements } from "../call/plan.ts";
import { causeText } from "../i18n/codes.ts";
import { t } from "../i18n/index.ts";
import { whoIs } from "./format.ts";

/** What a screen reader says of the change from one set of cards to the next; empty for nothing. */
export function spoken(before: Card[], after: Card[]): string {
  return announcements(before, after)
    .map(({ kind, card }) => {
      const who = whoIs(card.number, card.name);
      switch (kind) {
        case "ringing-in":
          return t("Incoming call from {who}", { who });
        case "ringing-out":
          return t("Ringing at {who}", { who });
        case "active":
          return t("In call with {who}", { who });
        case "held":
          return t("{who} is on hold", { who });
        case "resumed":
          return t("Talking with {who} again", { who });
        case "returning":
          return t("Reconnecting the call…");
        case "moved":
          return t("The call continues on another screen.");
        case "ended":
          return causeText(card.cause ?? "ended");
      }
    })
    .join(". ");
}
