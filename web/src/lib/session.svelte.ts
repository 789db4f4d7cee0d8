/** Who looks at the pages, and what that one may do. */
import { api, leads, Problem, told, type Schemas } from './api/client';
import { authorization, forget, renewed, useKey, willLogIn } from './api/credentials';

export type Role = Schemas['Me']['role'];
const ORDER: Role[] = ['viewer', 'analyst', 'maintainer', 'admin'];

class Session {
  me = $state<Schemas['Me'] | null>(null);
  /** `out`: this service wants everybody to sign in, and nobody is. */
  status = $state<'asking' | 'in' | 'out' | 'away'>('asking');
  /** Why it is `away`. */
  problem = $state.raw<Problem | undefined>(undefined);

  /** In `local` mode whoever looks is a guest, who may read. */
  get isGuest(): boolean {
    return this.me?.name === 'anybody';
  }

  can(role: Role): boolean {
    return this.me !== null && ORDER.indexOf(this.me.role) >= ORDER.indexOf(role);
  }

  async begin(): Promise<void> {
    try {
      this.me = await told(api.GET('/api/v1/me'));
      this.status = 'in';
      // Where guests are let in, nothing asks for the login that there may be.
      if (this.isGuest && authorization() === null && (await renewed())) {
        this.me = await told(api.GET('/api/v1/me'));
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.me = null;
      this.problem = error;
      this.status = error.status === 401 ? 'out' : 'away';
    }
  }

  /** Throws a Problem where nobody can log in: the address would show it as it is, and no page. */
  async signIn(): Promise<void> {
    const next = encodeURIComponent(location.pathname + location.search);
    const address = `/api/v1/auth/github/login?next=${next}`;
    await leads(address);
    willLogIn();
    location.assign(address);
  }

  /** Whether the key is one: the admin key of this machine, or an API key. Throws a Problem where nobody says. */
  async takeKey(key: string): Promise<boolean> {
    useKey(key.trim());
    await this.begin();
    if (this.status === 'in' && !this.isGuest) return true;
    const problem = this.status === 'away' ? this.problem : undefined;
    forget();
    await this.begin();
    if (problem) throw problem;
    return false;
  }

  async signOut(): Promise<void> {
    forget();
    await fetch('/api/v1/auth/logout', { method: 'POST' });
    await this.begin();
  }
}

export const session = new Session();
