// Why the node believes what it shows, now and at other times, in the page.

/** Selects a room in which a thermometer spoke, whichever that is. */
export async function selectObserved(tab) {
  await tab.keyboard.press('1');
  await tab.waitForSelector('.room[data-look=observed]');
  const id = await tab.getAttribute('.room[data-look=observed]', 'data-id');
  await tab.evaluate((room) => document.querySelector(`.room[data-id="${room}"]`).dispatchEvent(new MouseEvent('click', { bubbles: true })), id);
  await tab.waitForSelector(`[data-detail="${id}"]`);
  return id;
}

const row = (attribute) => `.attribute[data-attribute=${attribute}]`;
const why = (attribute) => `[data-why=${attribute}]`;

export async function contributions(tab, tally) {
  await selectObserved(tab);
  await tab.click(`${row('temperature')} .why-button`);
  await tab.waitForSelector(`${why('temperature')} .contribution`);
  const shares = await tab.$$eval(`${why('temperature')} .contribution .weight-bar span`, (all) => all.map((e) => parseFloat(e.style.width)));
  const falling = shares.every((share, i) => i === 0 || share <= shares[i - 1]);
  tally.check('contributions are bars, the weightiest first, of one whole', falling && shares[0] > 0 && shares.reduce((a, b) => a + b, 0) <= 100.5, shares.join(' '));
  const named = await tab.$$eval(`${why('temperature')} .contribution`, (all) => all.every((e) => e.querySelector('b')?.title === e.dataset.source));
  tally.check('every contribution names its source', named);
  await tab.keyboard.press('Escape');
}

export async function moments(tab, tally) {
  await selectObserved(tab);
  await tab.click(`${row('temperature')} .why-button`);
  await tab.click(`${why('temperature')} [data-moment=toggle]`);
  await tab.click('[data-moment="-10"]');
  await tab.waitForSelector('[data-then]');
  tally.check('an earlier time has its own estimate', (await tab.locator('[data-then] .chip').count()) === 1);
  const observed = (await tab.textContent(`${why('temperature')} .claim-times`)) ?? '';
  tally.check('claims of an earlier time tell the clock, not an age', /\d\d:\d\d:\d\d/.test(observed), observed);
  // Before the first claim nobody knew anything, whatever is known of that time today.
  const typed = await tab.inputValue('input[name=at]');
  await tab.fill('input[name=knownAt]', `2020${typed.slice(4, 19)}`);
  await tab.locator('input[name=knownAt]').blur();
  const silent = await tab.waitForSelector('[data-then=unknown]', { timeout: 5000 }).then(() => true, () => false);
  tally.check('what was not yet known stays out of what was known then', silent, (await tab.getAttribute('[data-then]', 'data-then')) ?? '');
  tally.check('what was unknown then shows no digit but its times', !/\d/.test((await tab.textContent('[data-then] .chip')) ?? '') && (await tab.locator('[data-then] .estimate-value').count()) === 0);
  await tab.click(`${why('temperature')} [data-moment=toggle]`);
  await tab.waitForSelector('[data-then]', { state: 'detached' });
  tally.check('one tap leads back to now', (await tab.locator(`${why('temperature')} .claim`).count()) > 0);
  await tab.keyboard.press('Escape');
}
