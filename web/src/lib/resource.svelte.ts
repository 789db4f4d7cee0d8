/** What is asked of the API by a page, and in which of its states it is. */
import { Problem } from './api/client';

export class Resource<T> {
  data = $state.raw<T | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  isLoading = $state(true);
  #turn = 0;
  #ask: () => Promise<T>;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** What was held stays until the new is there: nothing jumps. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.isLoading = true;
    try {
      const data = await this.#ask();
      if (turn !== this.#turn) return;
      this.data = data;
      this.problem = undefined;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
    this.isLoading = false;
  }
}

/**
 * Asks now, and anew whenever what `ask` reads before its first `await` has changed. What was held
 * is dropped where `of` has changed: it is about something else. To be called while a component is
 * made.
 */
export function resource<T>(ask: () => Promise<T>, of?: () => unknown): Resource<T> {
  const made = new Resource(ask);
  let before = of?.();
  $effect.pre(() => {
    const now = of?.();
    if (now !== before) made.data = undefined;
    before = now;
  });
  $effect(() => {
    void made.load();
  });
  return made;
}
