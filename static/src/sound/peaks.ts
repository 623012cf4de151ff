/**
 * Fits peaks to the columns of a drawing: each column is the highest of the peaks that it covers, so that a short word
 * in a long call is still seen. Fewer peaks than columns are repeated.
 */
export function fitPeaks(peaks: readonly number[], columns: number): number[] {
  if (peaks.length === 0) return new Array<number>(columns).fill(0);
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * peaks.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * peaks.length) / columns));
    return Math.min(1, Math.max(0, ...peaks.slice(from, to)));
  });
}
