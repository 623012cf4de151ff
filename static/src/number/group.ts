/**
 * Light grouping of a number for the eye; what is dialled never changes. Brazilian plan (Anatel, resolution 749):
 * two-digit area, eight or nine digits; 0800 and the like; an optional +55. Other +numbers are grouped in threes.
 */
export function groupNumber(number: string): string {
  if (!/^\+?\d+$/.test(number)) return number;
  if (number.startsWith("+55") && national(number.slice(3))) return `+55 ${national(number.slice(3))}`;
  if (number.startsWith("+")) return `+${threes(number.slice(1))}`;
  if (/^0[3589]00\d{6,7}$/.test(number)) return `${number.slice(0, 4)} ${number.slice(4, 7)} ${number.slice(7)}`;
  if (/^0\d{10,11}$/.test(number)) return `0${national(number.slice(1)) ?? number.slice(1)}`;
  if (/^(40|30)\d{6}$/.test(number) || /^[2-5]\d{7}$/.test(number)) return `${number.slice(0, 4)}-${number.slice(4)}`;
  if (/^9\d{8}$/.test(number)) return `${number.slice(0, 5)}-${number.slice(5)}`;
  return national(number) ?? number;
}

function national(digits: string): string | undefined {
  const parts = /^([1-9]{2})(9\d{4}|[2-5]\d{3})(\d{4})$/.exec(digits);
  return parts ? `(${parts[1]}) ${parts[2]}-${parts[3]}` : undefined;
}

function threes(digits: string): string {
  const head = digits.length % 3 || 3;
  return [digits.slice(0, head), ...(digits.slice(head).match(/\d{3}/g) ?? [])].join(" ").trim();
}
