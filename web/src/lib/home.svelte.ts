/** The list of repositories: read page by page, and kept up to date while it is looked at. */
import { api, everyPage, Problem, told, type Schemas } from './api/client';

export type Glance = Schemas['Glance'];
/** With the address that it was read at, and its place in the answer. */
export interface Row extends Glance {
  from: string;
}

const FIRST = 50;
const MORE = 500;
const LOOK_MS = 4_000;
const PATH = '/api/v1/overview';

export const ORDERS = {
  added: 'Added',
  name: 'Name',
  health: 'Health',
  oldest: 'Oldest figures',
  stars: 'Stars',
  active: 'Activity',
} as const;
export type Order = keyof typeof ORDERS;

function activity(row: Row): number | null {
  const known = row.trend.slice(-4).filter((one) => one !== null);
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
}

/** What is not known comes last, in every order. */
function falling(value: (row: Row) => number | null): (one: Row, other: Row) => number {
  return (one, other) => (value(other) ?? -Infinity) - (value(one) ?? -Infinity) || 0;
}

const COMPARE: Record<Order, ((one: Row, other: Row) => number) | null> = {
  added: null,
  name: (one, other) => one.full_name.localeCompare(other.full_name),
  health: falling((row) => row.health_score),
  oldest: falling((row) => (row.as_of === null ? null : -Date.parse(row.as_of))),
  stars: falling((row) => row.stargazers_count),
  active: falling(activity),
};

export function inOrder(rows: Row[], order: Order): Row[] {
  const compare = COMPARE[order];
  return compare === null ? rows : rows.toSorted(compare);
}

async function page(cursor: string | undefined, limit: number): Promise<{ data: Row[]; next_cursor: string | null }> {
  const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
  const found = await told(api.GET('/api/v1/overview', { params: { query } }));
  const address = `${PATH}?${new URLSearchParams({ ...query, limit: String(limit) })}`;
  const data = found.data.map((row, position) => ({ ...row, from: `${address}#data.${position}` }));
  return { data, next_cursor: found.next_cursor };
}

export class Repositories {
  rows = $state.raw<Row[]>([]);
  isWhole = $state(false);
  problem = $state.raw<Problem | undefined>(undefined);
  #turn = 0;
  #isLooking = false;

  async load(): Promise<void> {
    const turn = ++this.#turn;
    let found: Row[] = [];
    try {
      await everyPage(
        (cursor) => page(cursor, cursor === undefined ? FIRST : MORE),
        (rows, isLast) => {
          if (turn !== this.#turn) return;
          found = [...found, ...rows];
          // What was there stays until there is as much of the new.
          if (isLast || found.length >= this.rows.length) this.rows = found;
          this.isWhole = isLast;
        },
      );
      if (turn === this.#turn) this.problem = undefined;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
  }

  /**
   * Looks whether jobs have begun or ended meanwhile, and reads the list anew if so. While the API
   * takes longer than it is until the next look, there is none.
   */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#compare();
    } finally {
      this.#isLooking = false;
    }
  }

  async #compare(): Promise<void> {
    const states = ['running', 'queued'] as const;
    const pages = await Promise.all(
      states.map((state) => told(api.GET('/api/v1/jobs', { params: { query: { state, limit: 500 } } }))),
    );
    const now = pages.flatMap((one) => one.data.map((job) => `${job.job_id} ${job.state}`)).toSorted();
    const known = this.rows.flatMap(({ job }) => (job ? [`${job.job_id} ${job.state}`] : [])).toSorted();
    if (now.join() !== known.join()) await this.load();
  }
}

/** To be called while a component is made. */
export function repositories(): Repositories {
  const made = new Repositories();
  $effect(() => {
    void made.load();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') made.look().catch(() => undefined);
    }, LOOK_MS);
    return () => clearInterval(timer);
  });
  return made;
}

