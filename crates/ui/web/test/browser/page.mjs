// The page against a running node with an imported building.

import { calibration, contributions, moments, onlooker, rareQuantities, sources, suppositions } from './belief.mjs';
import { tooSmall } from './browser.mjs';
import { city, withoutGraphics } from './city.mjs';
import { finding, links, received } from './links.mjs';

const VISIBLE_WITHIN_MS = 1000;

export async function page(browser, tally, node) {
  await anonymous(browser, tally, node);
  const context = await browser.newContext({ viewport: { width: 1024, height: 768 }, locale: 'en-GB', colorScheme: 'light' });
  const tab = await context.newPage();
  const complaints = [];
  tab.on('pageerror', (error) => complaints.push(error.message));
  tab.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
  await logIn(tab, node);
  for (const part of [storeys, plan, panels, why, contributions, moments, rareQuantities, suppositions, sources, calibration, live, themes, keys, touch, route, unplugged, received, links, finding, storage]) {
    await tally.attempt(part.name, () => part(tab, tally, context));
  }
  await tally.attempt('onlooker', () => onlooker(browser, tally, node, logIn, tab));
  tally.check('the page raises no error and breaks no policy', complaints.length === 0, complaints.join(' | '));
  await context.close();
  await tally.attempt('city', () => city(tally, node, logIn));
  await tally.attempt('without graphics', () => withoutGraphics(tally, node, logIn));
  await phone(browser, tally, node);
  await tablet(browser, tally, node);
}

async function anonymous(browser, tally, { url }) {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const response = await tab.goto(url);
  tally.check('the page carries a strict content policy', /default-src 'none'/.test(response.headers()['content-security-policy'] ?? ''));
  const statuses = await tab.evaluate(() => Promise.all(['/v1/buildings', '/v1/findings', '/v1/entities?kind=space', '/v1/events', '/v1/status'].map((path) => fetch(path).then((r) => r.status))));
  tally.check('nothing is read without logging in', statuses.every((s) => s === 401), statuses.join(' '));
  await tab.waitForSelector('input[name=password]');
  tally.check('without a session only the log-in is shown', (await tab.locator('.storey, .room').count()) === 0);
  await context.close();
}

async function logIn(tab, { url, user, password }) {
  await tab.goto(url);
  await tab.fill('input[name=name]', user);
  await tab.fill('input[name=password]', password);
  await tab.click('button[type=submit]');
  await tab.waitForSelector('.storey');
  await tab.waitForSelector('[data-connection=live]');
}

async function storeys(tab, tally) {
  const building = await tab.evaluate(async () => {
    const all = await (await fetch('/v1/buildings')).json();
    return (await fetch(`/v1/buildings/${encodeURIComponent(all.buildings[0].id)}`)).json();
  });
  const shown = await tab.$$eval('.storey', (all) => all.map((b) => b.dataset.storey));
  tally.check('every storey is listed, the top one on top', JSON.stringify(shown) === JSON.stringify(building.storeys.map((s) => s.id).reverse()));
  tally.check('every storey has words', (await tab.$$eval('.storey-name', (all) => all.every((e) => e.textContent.trim() !== ''))));
  const busiest = building.storeys.reduce((a, b) => (b.spaces > a.spaces ? b : a));
  await tab.click(`.storey[data-storey="${busiest.id}"]`);
  tally.check('one tap shows a storey', (await tab.getAttribute(`.storey[data-storey="${busiest.id}"]`, 'aria-current')) === 'true');
}

const currentPlan = (tab) =>
  tab.evaluate(async () => {
    const storey = document.querySelector('.storey.current').dataset.storey;
    return (await fetch(`/v1/storeys/${encodeURIComponent(storey)}/plan`)).json();
  });

async function plan(tab, tally) {
  await tab.waitForSelector('.room');
  const data = await currentPlan(tab);
  const drawn = data.spaces.filter((s) => s.attributes.footprint?.value?.polygon).length;
  const doors = data.portals.filter((p) => p.attributes.span?.value?.line).length;
  const count = (selector) => tab.locator(selector).count();
  tally.check('every room with an outline is drawn', (await count('.room')) === drawn, `${await count('.room')} of ${drawn}`);
  tally.check('every room without one is listed', (await count('.unplaced button')) === data.spaces.length - drawn);
  tally.check('every door with jambs is drawn', (await count('.door')) === doors, `${await count('.door')} of ${doors}`);
  const wrong = await tab.evaluate((spaces) => {
    const look = { observed: 'observed', fused: 'observed', stale: 'old' };
    return spaces.filter((s) => {
      const room = document.querySelector(`.room[data-id="${s.id}"]`);
      const { status = 'unknown', basis } = s.attributes.temperature ?? {};
      // What nobody saw does not become observed by growing old.
      const expected = status === 'stale' && basis === 'inferred' ? 'inferred' : (look[status] ?? status);
      return room && room.dataset.look !== expected;
    }).length;
  }, data.spaces);
  tally.check('every room looks as its estimate says', wrong === 0, `${wrong} differ`);
  tally.check('no unknown room shows a number as its value', await tab.$$eval('.label.look-unknown .value', (all) => all.every((t) => !/\d/.test(t.textContent))));
}

/** Taps where the label is: the one place that surely lies inside and not on a door. */
async function selectRoom(tab, index = 0) {
  const id = await tab.$$eval('.room', (all, i) => all[Math.min(i, all.length - 1)].dataset.id, index);
  await tab.evaluate((room) => document.querySelector(`.room[data-id="${room}"]`).dispatchEvent(new MouseEvent('click', { bubbles: true })), id);
  await tab.waitForSelector(`[data-detail="${id}"]`);
  return id;
}

async function panels(tab, tally) {
  await selectRoom(tab);
  tally.check('selecting a room opens what is known', (await tab.locator('.attribute').count()) > 5);
  const unknown = await tab.$$eval('.attribute[data-look=unknown] .estimate', (all) => all.map((e) => e.textContent.replace(/^CO₂/, '')));
  tally.check('no unknown attribute shows a digit', unknown.every((words) => !/\d/.test(words)), unknown.join(' | '));
  const ageless = await tab.$$eval('.attribute', (all) => all.filter((row) => row.querySelector('.estimate-value') && !row.querySelector('.age')).length);
  tally.check('no value without its age', ageless === 0, `${ageless}`);
  await tab.keyboard.press('f');
  await tab.waitForSelector('.finding-list');
  tally.check('the findings open', (await tab.locator('.finding, .finding-list .hint').count()) > 0);
  await tab.keyboard.press('i');
  tally.check('the import opens', (await tab.locator('.drop input[type=file]').count()) === 1);
  await tab.keyboard.press('Escape');
}

async function why(tab, tally) {
  await selectRoom(tab);
  await tab.click('.attribute[data-attribute=name] .why-button');
  await tab.waitForSelector('[data-why=name] .claim');
  tally.check('one click leads from a fact to its claims', (await tab.locator('[data-why=name] .claim-source').count()) > 0);
  await tab.click('.attribute[data-attribute=name] .why-button');
}

async function live(tab, tally) {
  const id = await selectRoom(tab);
  const post = (attribute, value, unit) =>
    tab.evaluate(
      async ([entity, name, what, ucum]) => {
        const account = (await (await fetch('/v1/session')).json()).name;
        const time = Date.parse((await fetch('/v1/health')).headers.get('Date'));
        const line = { source: `urn:twin:account:${account}`, entity, attribute: name, value: what, observed: new Date(time).toISOString(), ...(ucum ? { unit: ucum, uncertainty: { sd: 0.2 } } : {}) };
        const asked = performance.now();
        const r = await fetch('/v1/claims', { method: 'POST', headers: { 'X-Twin-Request': '1', 'Content-Type': 'application/x-ndjson' }, body: `${JSON.stringify(line)}\n` });
        return { status: r.status, body: await r.json(), asked };
      },
      [id, attribute, value, unit],
    );
  const row = '.attribute[data-attribute=temperature]';
  const before = await tab.textContent(row);
  // Another number than any earlier run left behind, or nothing would change.
  const degrees = 20 + (Date.now() % 10_000) / 500;
  const told = tab.evaluate(
    ([selector, old, patience_ms]) =>
      new Promise((resolve) => {
        setTimeout(() => resolve(Infinity), patience_ms);
        const watch = () => (document.querySelector(selector)?.textContent.replace(/\d+ (s|min|h|d) ago/, '') !== old.replace(/\d+ (s|min|h|d) ago/, '') ? resolve(performance.now()) : requestAnimationFrame(watch));
        watch();
      }),
    [row, before, 10 * VISIBLE_WITHIN_MS],
  );
  const answer = await post('temperature', degrees, 'Cel');
  tally.check('a claim from the page is accepted', answer.body.accepted === 1, JSON.stringify(answer.body));
  const took = (await told) - answer.asked;
  tally.measures['claim to visible change (ms)'] = Number.isFinite(took) ? Math.round(took) : null;
  tally.check('a change is visible within a second of its claim', took <= VISIBLE_WITHIN_MS, `${took.toFixed(0)} ms`);
  await tab.click('[data-claim="smoke=false"]');
  await tab.waitForFunction(() => document.querySelector('.claim-answer')?.textContent !== '');
  tally.check('a person can state what they see', await tab.locator('.attribute[data-attribute=smoke]:not([data-look=unknown])').waitFor({ timeout: 3000 }).then(() => true, () => false));
}

async function themes(tab, tally) {
  const theme = () => tab.getAttribute('html', 'data-theme');
  const paper = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const [light, lightPaper] = [await theme(), await paper()];
  await tab.keyboard.press('t');
  tally.check('the theme can be switched', (await theme()) !== light && (await paper()) !== lightPaper);
  await tab.keyboard.press('t');
  const words = await tab.textContent('.tools');
  await tab.keyboard.press('l');
  tally.check('the language can be switched', (await tab.textContent('.tools')) !== words && (await tab.getAttribute('html', 'lang')) === 'nl');
  await tab.keyboard.press('l');
}

async function keys(tab, tally) {
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('?');
  tally.check('? lists the keys', (await tab.locator('.keys kbd').count()) > 10);
  await tab.keyboard.press('Escape');
  const storey = () => tab.getAttribute('.storey.current', 'data-storey');
  if ((await tab.locator('.storey').count()) > 1) {
    const first = await storey();
    await tab.keyboard.press('ArrowUp');
    const up = await storey();
    await tab.keyboard.press('ArrowDown');
    await tab.keyboard.press(up === first ? 'ArrowDown' : 'ArrowUp');
    tally.check('arrows change the storey', (await storey()) !== first || up !== first);
    await tab.click(`.storey[data-storey="${first}"]`);
  }
  for (const [i, quantity] of ['temperature', 'co2', 'humidity', 'occupancy', 'smoke', 'open', 'existence'].entries()) {
    await tab.keyboard.press(String(i + 1));
    tally.check(`key ${i + 1} shows ${quantity}`, (await tab.getAttribute(`[data-quantity=${quantity}]`, 'aria-checked')) === 'true');
  }
  await tab.keyboard.press('1');
}

async function touch(tab, tally) {
  await selectRoom(tab);
  await tab.click('.attribute[data-attribute=name] .why-button');
  await tab.click('[data-moment=toggle]');
  await tab.waitForSelector('[data-moment="-10"]');
  const small = await tooSmall(tab);
  for (const [key, panel] of [['h', '.source-list'], ['c', '.class-list'], ['m', '.links'], ['/', '.find']]) {
    await tab.keyboard.press(key);
    await tab.waitForSelector(panel);
    small.push(...(await tooSmall(tab)));
  }
  tally.check('everything to tap is 48 px or more', small.length === 0, small.join(', '));
}

async function route(tab, tally) {
  await selectRoom(tab);
  await tab.click('[data-route=exit]');
  await tab.waitForFunction(() => document.querySelector('.route-facts') || (document.querySelector('.route-panel [aria-live]')?.textContent ?? '') !== '');
  const found = (await tab.locator('.route-facts').count()) > 0;
  tally.check('a way out is drawn, or said not to be known', found ? (await tab.locator('path.route').count()) === 1 : true);
  if (found) tally.check('its least certain part is named', (await tab.locator('[data-least-certain]').count()) > 0);
  await tab.keyboard.press('Escape');
}

async function unplugged(tab, tally, context) {
  const rooms = await tab.locator('.room').count();
  await context.setOffline(true);
  await tab.waitForSelector('[data-connection=reconnecting]', { timeout: 15_000 });
  tally.check('a pulled plug is said', (await tab.locator('.old-picture').count()) === 1);
  tally.check('the last picture stays', (await tab.locator('.room').count()) === rooms);
  const words = await tab.textContent('.connection');
  tally.check('the age of the picture is told', /\d\d:\d\d:\d\d/.test(words), words);
  await tab.waitForFunction((old) => document.querySelector('.connection')?.textContent !== old, words, { timeout: 5000 });
  const storeys = await tab.locator('.storey').count();
  let blank = 0;
  for (let i = 0; i < storeys; i++) {
    await tab.locator('.storey').nth(i).click();
    blank += await tab.locator('.plan-note', { hasText: 'has not arrived' }).count();
  }
  tally.check('every storey can be looked at without the node', blank === 0, `${blank} of ${storeys} blank`);
  await context.setOffline(false);
  tally.check('the page finds the node again', await tab.waitForSelector('[data-connection=live]', { timeout: 20_000 }).then(() => true, () => false));
}

async function storage(tab, tally) {
  const kept = await tab.evaluate(async () => ({
    local: Object.keys(localStorage), session: Object.keys(sessionStorage), caches: await caches.keys(), databases: (await indexedDB.databases()).length,
  }));
  const allowed = kept.local.every((k) => k === 'twin.theme' || k === 'twin.language');
  tally.check('nothing about buildings is kept in the browser', allowed && kept.session.length + kept.caches.length + kept.databases === 0, JSON.stringify(kept));
}

async function phone(browser, tally, node) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: 'dark', locale: 'nl-NL' });
  const tab = await context.newPage();
  await tally.attempt('phone', async () => {
    await logIn(tab, node);
    await tab.waitForSelector('.room, .plan-note');
    tally.check('the page fits a phone', await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    tally.check('every tool is in sight on a phone', await tab.$eval('.tools', (bar) => bar.scrollWidth <= bar.clientWidth));
    tally.check('a Dutch phone is spoken to in Dutch', (await tab.getAttribute('html', 'lang')) === 'nl');
    tally.check('a dark phone gets the night theme', (await tab.getAttribute('html', 'data-theme')) === 'night');
    tally.check('storeys and connection stay in sight', (await tab.locator('.storey').first().isVisible()) && (await tab.locator('.connection').isVisible()));
  });
  await context.close();
}

/** A tablet held upright, at night, as in the cab of a fire engine. */
async function tablet(browser, tally, node) {
  const context = await browser.newContext({ viewport: { width: 820, height: 1180 }, hasTouch: true, colorScheme: 'dark', locale: 'nl-NL' });
  const tab = await context.newPage();
  await tally.attempt('tablet', async () => {
    await logIn(tab, node);
    await tab.waitForSelector('.room');
    const fits = () => tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('.topbar button')].every((b) => b.getBoundingClientRect().right <= innerWidth));
    tally.check('the page and all its buttons fit a tablet', await fits());
    await selectRoom(tab);
    tally.check('and do with a panel open', await fits());
    tally.check('the storey on screen is in sight among the others', await tab.waitForFunction(() => {
      const row = document.querySelector('.storey.current');
      const [own, column] = [row.getBoundingClientRect(), row.closest('.storeys').getBoundingClientRect()];
      return own.top >= column.top - 1 && own.bottom <= column.bottom + 1;
    }, null, { timeout: 5000 }).then(() => true, () => false));
    tally.check('the plan has most of the width beside the panel', await tab.$eval('.stage', (stage) => stage.clientWidth > innerWidth / 2));
    await tab.waitForSelector('[data-stage=map]');
    await tab.keyboard.press('g');
    await tab.waitForSelector('[data-credits]', { timeout: 30_000 });
    const [wide, covered] = await tab.evaluate(() => {
      const box = (selector) => document.querySelector(selector).getBoundingClientRect();
      const [credits, key, tools] = [box('[data-credits]'), box('.key-box'), box('.plan-tools')];
      const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      return [credits.width > 300, meet(credits, key) || meet(credits, tools)];
    });
    tally.check('whose map it is can be read on a tablet', wide && !covered, `${wide} ${covered}`);
  });
  await context.close();
}
