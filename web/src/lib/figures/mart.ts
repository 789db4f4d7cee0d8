/** Rows of marts, whole, each with the place where the API says it. */
import { everyPage, read, type Meta, type Row } from '$lib/api/client';
import type { Told } from './table';

type Paged = { data: Row[]; meta: Meta; next_cursor: string | null };

export interface Held {
  row: Row;
  from: string;
}
export interface Rows {
  rows: Held[];
  meta: Meta | undefined;
  source: string;
}

export async function rowsAt(path: string): Promise<Rows> {
  const rows: Held[] = [];
  let meta: Meta | undefined;
  const first = `${path}${path.includes('?') ? '&' : '?'}limit=500`;
  let address = first;
  await everyPage<Row>(
    async (cursor) => {
      address = cursor === undefined ? first : `${first}&cursor=${encodeURIComponent(cursor)}`;
      const found = await read<Paged>(address);
      meta ??= found.meta;
      return found;
    },
    (page) => {
      for (const [position, row] of page.entries()) rows.push({ row, from: `${address}#data.${position}` });
    },
  );
  return { rows, meta, source: first };
}

export function martPath(mart: string, repositoryId: number): string {
  return `/api/v1/marts/${mart}/rows?repository_id=${repositoryId}`;
}

export function text(held: Held, column: string): string {
  return String(held.row[column] ?? '');
}

export function value(held: Held, column: string): number | null {
  const found = held.row[column];
  return typeof found === 'number' ? found : null;
}

export function toldOf(held: Held, column: string): Told {
  return { value: value(held, column), from: `${held.from}.${column}` };
}
