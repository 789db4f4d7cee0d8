/** The design tokens as colours that a canvas understands. */
const NAMES = [
  'ink', 'ink-soft', 'line', 'line-strong', 'surface', 'sunken', 'accent', 'accent-ground', 'good',
  'warn', 'bad', 'bad-ground', 'warn-ground', 'series-1', 'series-2', 'series-3', 'series-4',
  'series-5',
] as const;
export type Palette = Record<(typeof NAMES)[number], string> & { series: string[]; font: string };

let known: { isDark: boolean; palette: Palette } | undefined;

export function palette(isDark: boolean): Palette {
  if (known?.isDark === isDark) return known.palette;
  const probe = document.createElement('span');
  document.body.append(probe);
  const found = {} as Palette;
  for (const name of NAMES) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  found.series = NAMES.filter((name) => name.startsWith('series-')).map((name) => found[name]);
  // Written into an attribute of an SVG as it is: double quotes would end it.
  found.font = getComputedStyle(probe).fontFamily.replaceAll('"', "'");
  probe.remove();
  known = { isDark, palette: found };
  return found;
}
