/**
 * What is looked at lives in the address, so that every view can be shared: the range of days, the
 * granularity and whose work counts. Everything else that a page wants to keep goes through `param`
 * and `go` as well.
 */
import { goto } from '$app/navigation';
import { page } from '$app/state';

export const EVERY = ['day', 'week', 'month'] as const;
export const ACTORS = ['all', 'human'] as const;
export type Every = (typeof EVERY)[number];
export type Actors = (typeof ACTORS)[number];

function one<T extends string>(given: string | null, known: readonly T[], otherwise: T): T {
  return known.find((word) => word === given) ?? otherwise;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function param(name: string): string | null {
  return page.url.searchParams.get(name);
}

export function params(name: string): string[] {
  return page.url.searchParams.getAll(name);
}

type Change = Record<string, string | string[] | null>;

/** The same address with other parameters; null takes one away. */
export function href(change: Change, url: URL = page.url): string {
  const search = new URLSearchParams(url.searchParams);
  for (const [name, value] of Object.entries(change)) {
    search.delete(name);
    for (const each of value === null ? [] : [value].flat()) search.append(name, each);
  }
  const query = search.toString();
  return url.pathname + (query ? `?${query}` : '');
}

/** Where this page is on the way to: what changes meanwhile is changed there. */
let next: URL | null = null;

/** Goes there without a jump; `push` where the way back should lead here again. */
export async function go(change: Change, { push = false } = {}): Promise<void> {
  const from = next?.pathname === page.url.pathname ? next : page.url;
  const to = (next = new URL(href(change, from), from));
  try {
    await goto(to, { replaceState: !push, keepFocus: true, noScroll: true });
  } finally {
    if (next === to) next = null;
  }
}

export const view = {
  /** First and last day, as `2026-11-29`; null is the beginning or the end of what is known. */
  get from(): string | null {
    const given = param('from');
    return given !== null && DAY.test(given) ? given : null;
  },
  get to(): string | null {
    const given = param('to');
    return given !== null && DAY.test(given) ? given : null;
  },
  get every(): Every {
    return one(param('every'), EVERY, 'week');
  },
  get actors(): Actors {
    return one(param('actors'), ACTORS, 'all');
  },
  /** Whether a day lies in the range. */
  holds(day: string): boolean {
    const only = day.slice(0, 10);
    return (this.from === null || only >= this.from) && (this.to === null || only <= this.to);
  },
};
