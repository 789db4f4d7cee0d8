/** How far a job is, from what it has told. */
import type { Schemas } from './api/client';
import { follow, isOver, type Event } from './live';

export const STAGES = ['discover', 'extract', 'transform', 'insights', 'check', 'publish'] as const;
export type Stage = (typeof STAGES)[number];

export interface Part {
  done: number | null;
  total: number | null;
  /** Of all its pages; an event tells of one. */
  rows: number | null;
}

export class Progress {
  state = $state<Event['state']>('queued');
  stage = $state<Stage | null>(null);
  /** What is read or made, in the order that it was begun. */
  parts = $state<Record<string, Part>>({});
  message = $state<string | null>(null);
  eta = $state<number | null>(null);

  hear(event: Event): void {
    this.state = event.state;
    this.stage = event.stage ?? this.stage;
    this.message = event.message ?? this.message;
    this.eta = event.eta_seconds;
    if (event.resource !== null) {
      const before = this.parts[event.resource];
      this.parts[event.resource] = {
        done: event.done ?? before?.done ?? null,
        total: event.total ?? before?.total ?? null,
        rows: event.rows === null ? (before?.rows ?? null) : (before?.rows ?? 0) + event.rows,
      };
    }
  }

  get isOver(): boolean {
    return isOver(this.state);
  }

  /** Whether a stage is behind, under way, to come, or the one that a job broke off in. */
  of(stage: Stage): 'done' | 'now' | 'broken' | 'later' {
    const here = this.stage === null ? -1 : STAGES.indexOf(this.stage);
    const there = STAGES.indexOf(stage);
    if (there < here || this.state === 'succeeded' || this.state === 'partial') return 'done';
    if (there !== here) return 'later';
    return this.isOver ? 'broken' : 'now';
  }
}

/** To be called while a component is made; `ended` once, when it has. */
export function progressOf(jobId: () => string, ended?: (state: Schemas['Job']['state']) => void): Progress {
  const progress = new Progress();
  $effect(() =>
    follow(jobId(), (event) => {
      progress.hear(event);
      if (progress.isOver) ended?.(progress.state);
    }),
  );
  return progress;
}
