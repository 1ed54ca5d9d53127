// The picture of the page for the README: the busiest storey of a running node's building,
// with one room opened. Needs TWIN_URL, TWIN_USER, TWIN_PASSWORD and TWIN_PICTURE, the file.

import { launch } from './browser.mjs';

const { TWIN_URL: url, TWIN_USER: user, TWIN_PASSWORD: password, TWIN_PICTURE: file } = process.env;
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', colorScheme: 'light' });
  const tab = await context.newPage();
  await tab.goto(url);
  await tab.fill('input[name=name]', user);
  await tab.fill('input[name=password]', password);
  await tab.click('button[type=submit]');
  await tab.waitForSelector('[data-connection=live]');
  const busiest = await tab.evaluate(async () => {
    const { buildings } = await (await fetch('/v1/buildings')).json();
    const { storeys } = await (await fetch(`/v1/buildings/${encodeURIComponent(buildings[0].id)}`)).json();
    return storeys.reduce((a, b) => (b.spaces > a.spaces ? b : a)).id;
  });
  await tab.click(`.storey[data-storey="${busiest}"]`);
  // People are counted in some rooms only, so that known and unknown stand side by side.
  await tab.click('[data-quantity=occupancy]');
  await tab.waitForSelector('.room[data-look=observed]');
  await tab.locator('.room[data-look=observed]').nth(2).dispatchEvent('click');
  await tab.waitForSelector('.attribute');
  await tab.evaluate(() => document.fonts.ready);
  await tab.screenshot({ path: file, animations: 'disabled' });
} finally {
  await browser.close();
}
