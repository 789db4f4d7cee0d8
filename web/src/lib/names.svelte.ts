/** What repositories are called, asked once for each. */
import { SvelteMap } from 'svelte/reactivity';
import { api, Problem, told, type Schemas } from './api/client';

export type Repository = Schemas['Repository'];
const known = new SvelteMap<number, Repository>();
const asked = new Set<number>();

/** Its name; its number until the answer is there, and where it may not be seen. */
export function nameOf(repositoryId: number): string {
  return known.get(repositoryId)?.full_name ?? `repository ${repositoryId}`;
}

export function remember(repositories: Repository[]): void {
  for (const one of repositories) known.set(one.repository_id, one);
}

/** Asks for those of them that nobody has asked for yet. */
export async function learn(repositoryIds: number[]): Promise<void> {
  const wanted = repositoryIds.filter((one) => !known.has(one) && !asked.has(one));
  wanted.forEach((one) => asked.add(one));
  await Promise.all(
    wanted.map(async (repository_id) => {
      try {
        const params = { path: { repository_id } };
        remember([await told(api.GET('/api/v1/repositories/{repository_id}', { params }))]);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        asked.delete(repository_id);
      }
    }),
  );
}

export async function called(words: string, limit = 12): Promise<Repository[]> {
  const query = words ? { q: words, limit } : { limit };
  const { data } = await told(api.GET('/api/v1/repositories', { params: { query } }));
  remember(data);
  return data;
}
