// What a person prefers: language and theme. These two, and nothing about any building,
// are kept in the browser.

import { createRoot, createSignal } from 'solid-js';
import { en, type Text } from '../text/en.ts';
import { nl } from '../text/nl.ts';

export type Theme = 'light' | 'night';
export type Language = 'en' | 'nl';

const TEXTS: Record<Language, Text> = { en, nl };

export const prefs = createRoot(() => {
  const [language, setLanguage] = createSignal<Language>(firstLanguage());
  const [theme, setTheme] = createSignal<Theme>(firstTheme());
  return {
    language,
    theme,
    setLanguage(next: Language) {
      document.documentElement.lang = next;
      setLanguage(next);
      remember('twin.language', next);
    },
    setTheme(next: Theme) {
      // First, because what is drawn anew reads its colours from there.
      document.documentElement.dataset['theme'] = next;
      setTheme(next);
      remember('twin.theme', next);
    },
  };
});

/** The words, in the language of the moment. */
export function text(): Text {
  return TEXTS[prefs.language()];
}

export function applyPrefs(): void {
  document.documentElement.lang = prefs.language();
  document.documentElement.dataset['theme'] = prefs.theme();
}

function firstLanguage(): Language {
  const kept = recall('twin.language');
  if (kept === 'en' || kept === 'nl') return kept;
  return navigator.language.toLowerCase().startsWith('nl') ? 'nl' : 'en';
}

function firstTheme(): Theme {
  const kept = recall('twin.theme');
  if (kept === 'light' || kept === 'night') return kept;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'night' : 'light';
}

// Storage may be forbidden by the browser; then the choice lasts as long as the page.
function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    /* not kept */
  }
}

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
