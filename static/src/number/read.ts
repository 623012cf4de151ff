/**
 * Numbers as people write them. What is dialled is digits, `*`, `#` and one leading `+`; short codes and extensions
 * stay as they are.
 */
const MAX_LENGTH = 64;

/** What to dial for `text` (typed, pasted, or a `tel:` or `sip:` link); empty where there is no number in it. */
export function readNumber(text: string): string {
  let rest = text.slice(0, 1000).normalize("NFKC").trim();
  const scheme = /^(tel|sips?|callto):(?:\/\/)?/i.exec(rest);
  if (scheme) rest = decode(rest.slice(scheme[0].length)).replace(/[@;?].*$/s, "");
  const number = rest.replace(/^\((\+)/, "$1").replace(/\(0\)/, (zero, at: number) => (at > 0 && rest.startsWith("+") ? "" : zero));
  const plus = number.startsWith("+") ? "+" : "";
  return (plus + number.replace(/[^0-9*#]/g, "")).slice(0, MAX_LENGTH);
}

/** Whether typing `text` could still become a number: everything else is kept out of the entry. */
export function isDialable(number: string): boolean {
  return /^\+?[0-9*#]+$/.test(number);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
