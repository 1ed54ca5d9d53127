// How long a person waits for the first storey of a building in a browser without graphics: on
// the first visit, with nothing kept, and again. Needs TWIN_URL, TWIN_USER and TWIN_PASSWORD;
// TWIN_TIMES says how often. Prints one JSON object of times in milliseconds.

import { loadavg } from 'node:os';
import { launch, spread, toFirstStorey } from './browser.mjs';

const { TWIN_URL: url, TWIN_USER: user, TWIN_PASSWORD: password, TWIN_TIMES: times = '7' } = process.env;
const VIEW = { viewport: { width: 1024, height: 768 }, locale: 'en-GB' };

const browser = await launch({ graphics: 'none' });
try {
  const context = await browser.newContext(VIEW);
  const tab = await context.newPage();
  await tab.goto(url);
  await tab.fill('input[name=name]', user);
  await tab.fill('input[name=password]', password);
  await tab.click('button[type=submit]');
  await tab.waitForSelector('.room');
  const session = await context.storageState();
  const load = [loadavg()[0]];
  const [first, again] = [[], []];
  for (let i = 0; i < Number(times); i++) {
    const fresh = await browser.newContext({ ...VIEW, storageState: session });
    const visit = await fresh.newPage();
    first.push(await toFirstStorey(() => visit.goto(url, { waitUntil: 'commit' }), visit));
    again.push(await toFirstStorey(() => visit.reload({ waitUntil: 'commit' }), visit));
    await fresh.close();
  }
  load.push(loadavg()[0]);
  const rooms = await tab.locator('.room').count();
  const storeys = await tab.locator('.storey').count();
  console.log(JSON.stringify({ first: spread(first), again: spread(again), load, rooms, storeys }));
} finally {
  await browser.close();
}
