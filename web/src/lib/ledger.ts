/** What the ledger and the checks say, in whole sentences. */
import type { Schemas } from './api/client';
import { number } from './format';

const WHY: Record<Schemas['Count']['state'], string> = {
  complete: 'All that GitHub counts is held.',
  partial: 'Not all that GitHub counts is held.',
  unavailable: 'GitHub does not show it to the tokens that are used here.',
  uncounted: 'GitHub tells no total of it, so there is nothing to compare with.',
};

export function sentence(one: Schemas['Count']): string {
  const { upstream_count: upstream, held_count: held } = one;
  const apart =
    upstream !== null && held !== null && upstream !== held
      ? `GitHub counts ${number(upstream)}, held are ${number(held)} (${held > upstream ? '+' : ''}${number(held - upstream)}). `
      : '';
  return `${apart}${one.reason ? capital(one.reason) : WHY[one.state]}`;
}

/** A check that compares a figure with GitHub's own total. */
export function comparison(check: Schemas['CheckResult']): string {
  const [ours, theirs] = [check.observed ?? 'unknown', check.expected ?? 'unknown'];
  return check.status === 'passed' ? `Both say ${ours}.` : `Here ${ours}, on GitHub ${theirs}.`;
}

function capital(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return whole.endsWith('.') ? whole : `${whole}.`;
}
