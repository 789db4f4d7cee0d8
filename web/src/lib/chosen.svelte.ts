/** Which repository a page is about: in its address, and the first one where none is named. */
import { api, told } from './api/client';
import { called, type Repository } from './names.svelte';
import { resource, type Resource } from './resource.svelte';
import { param } from './view.svelte';

/** To be called while a component is made; null where nothing is followed. */
export function chosen(): Resource<Repository | null> {
  return resource(async () => {
    const given = Number(param('repository'));
    if (Number.isSafeInteger(given) && given > 0) {
      const params = { path: { repository_id: given } };
      return told(api.GET('/api/v1/repositories/{repository_id}', { params }));
    }
    return (await called('', 1))[0] ?? null;
  });
}
