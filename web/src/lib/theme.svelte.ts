/** Light, dark, or as the system has it. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
const KEY = 'gitinsight-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

class Appearance {
  theme = $state<Theme>((document.documentElement.dataset.theme as Theme | undefined) ?? 'system');
  #systemIsDark = $state(system.matches);

  constructor() {
    system.addEventListener('change', (event) => {
      this.#systemIsDark = event.matches;
    });
  }

  get isDark(): boolean {
    return this.theme === 'system' ? this.#systemIsDark : this.theme === 'dark';
  }

  set(theme: Theme): void {
    this.theme = theme;
    if (theme === 'system') {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem(KEY);
    } else {
      document.documentElement.dataset.theme = theme;
      localStorage.setItem(KEY, theme);
    }
  }
}

export const appearance = new Appearance();
