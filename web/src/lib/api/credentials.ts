/**
 * What proves who asks. A login's access token stays in memory, and the cookie that renews it is
 * kept from scripts; a key that somebody has pasted lives as long as the tab.
 */
const KEY = 'gitinsight-key';
/** That there may be such a cookie: asking in vain counts as a failed attempt. */
const LOGGED_IN = 'gitinsight-logged-in';
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
  renewing ??= renew().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function renew(): Promise<boolean> {
  if (sessionStorage.getItem(KEY) !== null || localStorage.getItem(LOGGED_IN) === null) return false;
  const response = await fetch('/api/v1/auth/refresh', { method: 'POST' });
  if (!response.ok) {
    if (response.status === 401) forget();
    return false;
  }
  accessToken = ((await response.json()) as { access_token: string }).access_token;
  return true;
}
