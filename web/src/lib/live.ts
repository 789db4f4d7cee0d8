/** Live events of jobs, as they are announced. */
import { api, told, type Schemas } from './api/client';

export type Event = Schemas['Event'];
export type Job = Schemas['Job'];
type Hear = (event: Event) => void;
type Open = (ticket: string, broke: () => void) => () => void;

const AGAIN_MS = 1_500;
const ENDED: ReadonlySet<Event['state']> = new Set(['succeeded', 'partial', 'failed', 'cancelled']);

export function isOver(state: Event['state']): boolean {
  return ENDED.has(state);
}

/** A ticket opens a stream once: whatever breaks is opened anew, where it left off. */
function steadily(open: Open): () => void {
  let isDone = false;
  let close = (): void => undefined;

  async function begin(): Promise<void> {
    let ticket: string;
    try {
      ({ ticket } = await told(api.POST('/api/v1/auth/ticket')));
    } catch {
      again();
      return;
    }
    if (!isDone) close = open(ticket, again);
  }

  function again(): void {
    close();
    setTimeout(() => void (isDone || begin()), AGAIN_MS);
  }

  void begin();
  return () => {
    isDone = true;
    close();
  };
}

/** Every event of a repository's jobs after `after`, until what is returned is called. */
export function listen(repositoryId: number, after: number, hear: Hear): () => void {
  let last = after;
  return steadily((ticket, broke) => {
    const query = new URLSearchParams({ after: String(last), ticket });
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const path = `/api/v1/stream/repository/${repositoryId}/updates`;
    const socket = new WebSocket(`${scheme}://${location.host}${path}?${query}`);
    socket.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as Event;
      last = Math.max(last, event.event_id);
      hear(event);
    };
    socket.onclose = broke;
    return () => {
      socket.onclose = null;
      socket.close();
    };
  });
}

/**
 * Every event of one job from its first on; it ends with the job, or when what is returned is
 * called. Each holds a connection, of which a browser has six: for few at once.
 */
export function follow(jobId: string, hear: Hear): () => void {
  let last = 0;
  return steadily((ticket, broke) => {
    const query = new URLSearchParams({ after: String(last), ticket });
    const stream = new EventSource(`/api/v1/jobs/${jobId}/events?${query}`);
    stream.addEventListener('job', (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as Event;
      last = event.seq;
      if (isOver(event.state)) stream.close();
      hear(event);
    });
    stream.onerror = broke;
    return () => {
      stream.onerror = null;
      stream.close();
    };
  });
}
