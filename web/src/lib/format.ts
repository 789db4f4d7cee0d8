/** Numbers, instants and spans as the reader's locale writes them. What is not known is `unknown`. */
export const UNKNOWN = 'unknown';
const locale = navigator.language;
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
const month = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'short', timeZone: 'UTC' });
const instant = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' });

export type Unit = 'count' | 'ratio' | 'hours' | 'days' | 'lines' | 'score' | 'plain' | 'seconds';

export function isKnown<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

export function number(value: number | null | undefined): string {
  if (!isKnown(value)) return UNKNOWN;
  return Number.isInteger(value) ? whole.format(value) : fine.format(value);
}

/** 12,345 as 12.3K, where space is short. */
export function short(value: number | null | undefined): string {
  return isKnown(value) ? compact.format(value) : UNKNOWN;
}

/** What is not all is not 100%, however little is missing. */
export function percent(value: number | null | undefined): string {
  if (!isKnown(value)) return UNKNOWN;
  return share.format(value < 1 ? Math.min(value, 0.999) : value);
}

export function hours(value: number | null | undefined): string {
  if (!isKnown(value)) return UNKNOWN;
  if (value < 1) return `${fine.format(value * 60)} min`;
  return value < 72 ? `${fine.format(value)} h` : `${fine.format(value / 24)} d`;
}

export function seconds(value: number | null | undefined): string {
  if (!isKnown(value)) return UNKNOWN;
  if (value < 90) return `${whole.format(value)} s`;
  return value < 5400 ? `${whole.format(value / 60)} min` : hours(value / 3600);
}

export function inUnit(value: number | null | undefined, unit: Unit): string {
  if (!isKnown(value)) return UNKNOWN;
  switch (unit) {
    case 'ratio':
      return percent(value);
    case 'hours':
      return hours(value);
    case 'days':
      return `${number(value)} d`;
    case 'seconds':
      return seconds(value);
    default:
      return number(value);
  }
}

/** A day of the calendar, as the figures count them: in UTC. */
export function date(value: string | null | undefined): string {
  return isKnown(value) ? day.format(new Date(value)) : UNKNOWN;
}

export function monthOf(value: string | null | undefined): string {
  return isKnown(value) ? month.format(new Date(value)) : UNKNOWN;
}

/** An instant, in the reader's own time zone. */
export function at(value: string | null | undefined): string {
  return isKnown(value) ? instant.format(new Date(value)) : UNKNOWN;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** `3 hours ago`. */
export function since(value: string | null | undefined, now = Date.now()): string {
  if (!isKnown(value)) return UNKNOWN;
  const passed = (new Date(value).getTime() - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(passed) >= size) return ago.format(Math.round(passed / size), unit);
  }
  return ago.format(Math.round(passed), 'second');
}
