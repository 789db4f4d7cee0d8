/** How a chart tells the frame around it what it draws, so that an image of it can be made. */
import { getContext, setContext } from 'svelte';
import type { Draw } from './charts';

export interface Drawn {
  draw: Draw;
  width: number;
  height: number;
}
/** What the chart in a frame draws now; `of` is undefined while there is none. */
export interface Offer {
  of: (() => Drawn) | undefined;
}

const KEY = Symbol('image');

/** For whatever has a chart within: what it draws stands in the offer once it is there. */
export function awaitImage(): Offer {
  const offer = $state<Offer>({ of: undefined });
  setContext(KEY, offer);
  return offer;
}

/** For a chart: it is drawn as long as it is there. */
export function offerImage(of: () => Drawn): void {
  const offer = getContext<Offer | undefined>(KEY);
  $effect(() => {
    if (!offer) return;
    offer.of = of;
    return () => (offer.of = undefined);
  });
}
