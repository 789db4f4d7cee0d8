import type { Unit } from '$lib/format';

/** A number and where the API says it: see Value. */
export interface Told {
  value: number | null;
  from: string;
}
export interface Column {
  title: string;
  /** Of a column of numbers. */
  unit?: Unit;
}
export interface Table {
  columns: Column[];
  rows: (Told | string | null)[][];
}
