/** The views are paths of one page, so that a call survives going from one to another. */
export type Route =
  { view: "phone" } | { view: "calls"; call: string | null } | { view: "lines" } | { view: "settings" };

export function parseRoute(path: string): Route {
  const [first, second] = path.split("/").filter(Boolean);
  if (first === "calls") return { view: "calls", call: second ?? null };
  if (first === "lines") return { view: "lines" };
  if (first === "settings") return { view: "settings" };
  return { view: "phone" };
}

export class Router {
  #changed: (route: Route) => void;

  constructor(changed: (route: Route) => void) {
    this.#changed = changed;
    window.addEventListener("popstate", () => this.#changed(this.route));
    document.addEventListener("click", (event) => this.#follow(event));
  }

  get route(): Route {
    return parseRoute(location.pathname);
  }

  go(path: string): void {
    if (path === location.pathname) return;
    history.pushState(null, "", path);
    this.#changed(this.route);
  }

  #follow(event: MouseEvent): void {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest<HTMLAnchorElement>("a[data-route]");
    if (!link) return;
    event.preventDefault();
    this.go(link.pathname);
  }
}
