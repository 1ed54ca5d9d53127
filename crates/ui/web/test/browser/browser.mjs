// The system's Chromium, headless and silent, and a tally of checks.

import { chromium } from 'playwright-core';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A graphics card in software, for what is drawn with WebGL. */
const SOFTWARE = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];

/** `none` has no WebGL either: the plainest machine. */
export function launch({ graphics = 'usual' } = {}) {
  const args = { usual: FLAGS, software: [...FLAGS.filter((flag) => flag !== '--disable-gpu'), ...SOFTWARE], none: [...FLAGS, '--disable-3d-apis'] }[graphics];
  return chromium.launch({ executablePath: process.env.TWIN_CHROMIUM ?? '/usr/bin/chromium', headless: true, args });
}

const TOUCH_MIN_PX = 48;

/** What is smaller than a gloved finger, of all that is on screen. */
export const tooSmall = (tab) =>
  tab.$$eval(
    'button, select, summary, textarea, input:not([type=radio], [type=file])',
    (all, min) => all.filter((e) => e.offsetParent !== null).map((e) => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect()]).filter(([, r]) => r.height < min - 0.5 || r.width < min - 0.5).map(([t, r]) => `${t} ${Math.round(r.width)}×${Math.round(r.height)}`),
    TOUCH_MIN_PX,
  );

/** From asking for the page until a room is drawn, in milliseconds. */
export async function toFirstStorey(ask, tab) {
  const begun = performance.now();
  await ask();
  await tab.waitForSelector('.room');
  return Math.round(performance.now() - begun);
}

/** The middle and the worst of some times. */
export function spread(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return { n: times.length, median: sorted[Math.floor(sorted.length / 2)], worst: sorted.at(-1), times };
}

/** Counts checks; keeps the words of those that failed. */
export class Tally {
  n = 0;
  passed = 0;
  details = [];
  measures = {};

  check(what, holds, seen = '') {
    this.n += 1;
    if (holds) this.passed += 1;
    else this.details.push(seen === '' ? what : `${what}: ${seen}`);
    return holds;
  }

  /** A check that may throw; a throw is a failure and the rest goes on. */
  async attempt(what, body) {
    try {
      await body();
    } catch (error) {
      this.check(what, false, String(error?.message ?? error).split('\n')[0]);
    }
  }

  summary() {
    return { n: this.n, passed: this.passed, failed: this.n - this.passed, details: this.details, measures: this.measures };
  }
}
