/**
 * What proves who asks. A login's access token stays in memory, and the cookie that renews it is
 * kept from scripts; a key that somebody has pasted lives as long as the tab.
 */
const KEY = 'gitinsight-key';
/** That there may be such a cookie: asking in vain counts as a failed attempt. */
const LOGGED_IN = 'gitinsight-logged-in';
/** The pages of a browser share the cookie, which is good once: one at a time renews it. */
const RENEWS = 'gitinsight-renews';
let accessToken: string | null = null;
let renewing: Promise<boolean> | null = null;

export function authorization(): string | null {
  const held = sessionStorage.getItem(KEY) ?? accessToken;
  return held === null ? null : `Bearer ${held}`;
}

export function useKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

export function willLogIn(): void {
  localStorage.setItem(LOGGED_IN, 'yes');
}

export function forget(): void {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(LOGGED_IN);
  accessToken = null;
}

/** Whether there is a new access token; several who ask at once are answered by one request. */
export function renewed(): Promise<boolean> {
  renewing ??= alone(renew).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function alone(work: () => Promise<boolean>): Promise<boolean> {
  // Elsewhere than on HTTPS and on their own machine browsers have no locks.
  return isSecureContext ? await navigator.locks.request(RENEWS, work) : await work();
}

async function renew(): Promise<boolean> {
  if (sessionStorage.getItem(KEY) !== null || localStorage.getItem(LOGGED_IN) === null) return false;
  // It outlives a page that is loaded anew meanwhile: else the next cookie would be lost with it.
  const response = await fetch('/api/v1/auth/refresh', { method: 'POST', keepalive: true });
  if (!response.ok) {
    if (response.status === 401) forget();
    return false;
  }
  accessToken = ((await response.json()) as { access_token: string }).access_token;
  return true;
}
