/** Milliseconds between two looks at the clock. */
export const LOOK_EVERY = 2_000;
const AWAKE = 8_000;
/** Browsers let the timers of a hidden page run once a minute. */
const HIDDEN = 75_000;

/** Whether the computer slept between two looks at the clock that lie `gap` ms apart. */
export function slept(gap: number, hidden: boolean): boolean {
  return gap > LOOK_EVERY + (hidden ? HIDDEN : AWAKE);
}
