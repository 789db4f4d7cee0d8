/** Which figure somebody wants to know more about; the dialog itself is loaded when it is wanted. */
import type { Meta } from '$lib/api/client';
import type { Drawn } from './offered.svelte';

export interface Subject {
  title: string;
  repositoryId: number;
  metrics: string[];
  mart?: string | undefined;
  sources: string[];
  meta: Meta | undefined;
  /** The chart, where one is shown. */
  image?: (() => Drawn) | undefined;
}

export const about = $state<{ subject: Subject | null }>({ subject: null });

export function openAbout(subject: Subject): void {
  about.subject = subject;
}
