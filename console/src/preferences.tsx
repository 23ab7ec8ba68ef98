/**
 * Language and theme: as the browser says, until the user chooses.
 *
 * Invariant: only these two choices are stored in the browser, never anything of a session.
 */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { en, type TextName } from './texts/en.ts';
import { zh } from './texts/zh.ts';

export type Language = 'en' | 'zh';
export type Theme = 'light' | 'dark';

interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
  setLanguage(language: Language): void;
  setTheme(theme: Theme): void;
}

const Context = createContext<Preferences | null>(null);

/** Storage can be forbidden; the choice then lasts as long as the page. */
function stored<T extends string>(name: string, allowed: readonly T[]): T | undefined {
  try {
    const value = localStorage.getItem(`openecd.${name}`);
    return allowed.find((one) => one === value);
  } catch {
    return undefined;
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(`openecd.${name}`, value);
  } catch {
    // As above.
  }
}

export function PreferencesProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(
    () => stored('language', ['en', 'zh']) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'),
  );
  const [theme, setTheme] = useState<Theme>(
    () =>
      stored('theme', ['light', 'dark']) ??
      (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'),
  );
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    document.documentElement.dataset['theme'] = theme;
  }, [language, theme]);
  const value = useMemo(
    () => ({
      language,
      theme,
      setLanguage(chosen: Language) {
        store('language', chosen);
        setLanguage(chosen);
      },
      setTheme(chosen: Theme) {
        store('theme', chosen);
        setTheme(chosen);
      },
    }),
    [language, theme],
  );
  return <Context value={value}>{children}</Context>;
}

export function usePreferences(): Preferences {
  return useContext(Context)!;
}

export type Say = (name: TextName, values?: Readonly<Record<string, string | number>>) => string;

/** Gives the text of a name in the language chosen; `{x}` is replaced by `values.x`. */
export function useText(): Say {
  const { language } = usePreferences();
  return useMemo(() => {
    const table = language === 'zh' ? zh : en;
    return (name, values = {}) =>
      table[name].replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ''));
  }, [language]);
}
