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
  const number = rest
    .replace(/^\((\+)/, "$1")
    .replace(/\(0\)/, (zero, at: number) => (at > 0 && rest.startsWith("+") ? "" : zero));
  const keys = number.replace(/[^0-9*#]/g, "");
  return keys && (number.startsWith("+") ? `+${keys}` : keys).slice(0, MAX_LENGTH);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
