/** Files to keep. */
import { authorization } from './credentials';
import { Problem, type Schemas } from './client';

/** One of the API's, with whatever proves who asks: a plain link would go without. */
export async function download(path: string, name: string): Promise<void> {
  save(await fetched(path), name);
}

export async function fetched(path: string): Promise<Blob> {
  const given = authorization();
  const response = await fetch(path, { headers: given ? { authorization: given } : {} });
  if (!response.ok) {
    const said = (await response.json()) as Schemas['Problem'];
    throw new Problem(response.status, said.title, said.detail ?? '', said.request_id ?? null);
  }
  return response.blob();
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
