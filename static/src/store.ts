import { cards, type Card } from "./call/cards.ts";
import { reduce } from "./call/reduce.ts";
import { emptyState, type PhoneEvent, type PhoneState } from "./call/state.ts";

export type Listener = (store: Store, before: Card[]) => void;

/** Holds the state of the page; views and effects listen. */
export class Store {
  #state: PhoneState = emptyState;
  #cards: Card[] = [];
  #listeners = new Set<Listener>();

  get state(): PhoneState {
    return this.#state;
  }

  get cards(): Card[] {
    return this.#cards;
  }

  dispatch(event: PhoneEvent): void {
    const next = reduce(this.#state, event);
    if (next === this.#state) return;
    const before = this.#cards;
    this.#state = next;
    this.#cards = cards(next);
    for (const listener of [...this.#listeners]) listener(this, before);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
