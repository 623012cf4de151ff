import { LOOK_EVERY, slept } from "../call/sleep.ts";

/**
 * Calls `wake` when the connections may be dead without anybody having said so; `surely` after the network changed or
 * the computer slept, else because somebody looks at the page again.
 */
export function watchWaking(wake: (surely: boolean) => void): void {
  let last = Date.now();
  const look = (): boolean => {
    const now = Date.now();
    const gap = now - last;
    last = now;
    return slept(gap, document.hidden);
  };
  setInterval(() => {
    if (look()) wake(true);
  }, LOOK_EVERY);
  window.addEventListener("online", () => wake(true));
  // Nothing is sent any more: the sooner it is known, the sooner it is said.
  window.addEventListener("offline", () => wake(false));
  window.addEventListener("pageshow", ({ persisted }) => wake(persisted || look()));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) wake(look());
  });
}
