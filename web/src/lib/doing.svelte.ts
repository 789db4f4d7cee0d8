/** Something that somebody asks for by a button: whether it is under way, and what went wrong. */
import { Problem } from './api/client';

export class Doing {
  isBusy = $state(false);
  problem = $state.raw<Problem | undefined>(undefined);

  /** Whether it was done. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    this.isBusy = true;
    this.problem = undefined;
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      return false;
    } finally {
      this.isBusy = false;
    }
  }
}
