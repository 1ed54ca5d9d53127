// All browser tests. The status matrix always; the page itself against a running node
// with an imported building when TWIN_URL, TWIN_USER and TWIN_PASSWORD are set. Prints one
// JSON object: {n, passed, failed, details, measures}.

import { launch, Tally } from './browser.mjs';
import { matrix } from './matrix.mjs';
import { page } from './page.mjs';

/** A browser that hangs must not hang whoever waits for the summary. */
const PATIENCE_MS = 420_000;

const tally = new Tally();
const browser = await launch();
const tooLong = setTimeout(() => {
  tally.check('the tests end', false, `not within ${PATIENCE_MS / 1000} s`);
  void browser.close();
}, PATIENCE_MS);
try {
  await tally.attempt('the status matrix can be measured', () => matrix(browser, tally));
  const { TWIN_URL: url, TWIN_USER: user, TWIN_PASSWORD: password } = process.env;
  if (url) await tally.attempt('the page can be tested', () => page(browser, tally, { url, user, password }));
} finally {
  clearTimeout(tooLong);
  await browser.close();
}
console.log(JSON.stringify(tally.summary(), null, 1));
process.exitCode = tally.n > tally.passed || tally.n === 0 ? 1 : 0;
