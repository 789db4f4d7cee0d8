/** The one client of the API: typed by its OpenAPI document, signed as whoever is signed in. */
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema';
import { authorization, renewed } from './credentials';

export type Schemas = components['schemas'];
export type Meta = Schemas['Meta'];
export type Row = Record<string, unknown>;

/** An error as RFC 9457 has it, or what stands for an API that cannot be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly requestId: string | null = null,
    /** What the API calls it, `urn:gitinsight:problem:not-found`. */
    readonly type: string | null = null,
  ) {
    super(detail || title);
  }

  /** Nothing answered at all. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 503;
  }
}

const signing: Middleware = {
  onRequest({ request }) {
    const given = authorization();
    if (given) request.headers.set('authorization', given);
    return request;
  },
};

/** Once more with a new access token, where the one at hand was too old. */
async function patiently(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetch(request);
  if (response.status !== 401 || !(await renewed())) return response;
  again.headers.set('authorization', authorization() ?? '');
  return fetch(again);
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: patiently });
api.use(signing);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer; throws a Problem where there is none. */
export async function told<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'No answer', 'The API does not answer. Is it running?');
  }
  if (answer.error !== undefined || !answer.response.ok) throw problem(answer);
  return answer.data as T;
}

/** What stands at an address that is only known when it is asked for. */
export function read<T>(path: string): Promise<T> {
  return told(api.GET(path as '/api/v1/metrics', {}) as Promise<Answer<unknown>>) as Promise<T>;
}

/** Throws a Problem where an address leads to no other one. */
export async function leads(path: string): Promise<void> {
  const answering = fetch(path, { redirect: 'manual' }).then(async (response) =>
    response.type === 'opaqueredirect'
      ? { response: new Response() }
      : { response, error: await response.json().catch(() => null) },
  );
  await told<undefined>(answering);
}

function problem({ error, response }: Answer<unknown>): Problem {
  const said = (typeof error === 'object' && error !== null ? error : {}) as Partial<
    Schemas['Problem']
  >;
  return new Problem(
    response.status,
    said.title ?? `Error ${response.status}`,
    said.detail ?? '',
    said.request_id ?? response.headers.get('x-request-id'),
    said.type ?? null,
  );
}

type Paged<T> = { data: T[]; next_cursor?: string | null };

/** Every page of a list, each told as it comes. */
export async function everyPage<T>(
  page: (cursor: string | undefined) => Promise<Paged<T>>,
  seen: (rows: T[], isLast: boolean) => void,
): Promise<void> {
  let cursor: string | undefined;
  do {
    const found = await page(cursor);
    cursor = found.next_cursor ?? undefined;
    seen(found.data, cursor === undefined);
  } while (cursor !== undefined);
}
