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
  const room = await selectObserved(tab);
  await tab.click(`${row('temperature')} .why-button`);
  await tab.waitForSelector(`${why('temperature')} .contribution`);
  const shares = await tab.$$eval(`${why('temperature')} .contribution .weight-bar span`, (all) => all.map((e) => parseFloat(e.style.width)));
  const falling = shares.every((share, i) => i === 0 || share <= shares[i - 1]);
  tally.check('contributions are bars, the weightiest first, of one whole', falling && shares[0] > 0 && shares.reduce((a, b) => a + b, 0) <= 100.5, shares.join(' '));
  const named = await tab.$$eval(`${why('temperature')} .contribution`, (all) => all.every((e) => e.querySelector('b')?.title === e.dataset.source));
  tally.check('every contribution names its source', named);
  const asked = await ask(tab, `/v1/entities/${encodeURIComponent(room)}/attributes/temperature/why`);
  const states = await tab.$$eval(`${why('temperature')} .contribution-health`, (all) => all.map((e) => e.textContent.trim()));
  tally.check('every contributor is told with its state', states.length >= asked.sources.filter((s) => s.health).length && states.every((words) => words !== ''), states.join(' | '));
  const changes = await tab.$$eval(`${why('temperature')} .change`, (all) => all.map((e) => [e.dataset.change, e.textContent]));
  tally.check('a reading that would make it surer is told with what it would bring', changes.every(([, words]) => /±|°C|unknown/.test(words)), changes.map(([, words]) => words).join(' | '));
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
  tally.check('one tap leads back to now', await tab.waitForSelector(`${why('temperature')} .claim`, { timeout: 5000 }).then(() => true, () => false));
  await tab.keyboard.press('Escape');
}

const ask = (tab, path) => tab.evaluate(async (at) => (await fetch(at)).json(), path);
const STATES = ['stuck', 'drifting', 'noisy', 'silent'];
/** Recomputing what a source touched may take a moment. */
const RECOMPUTED_WITHIN_MS = 15_000;

export async function sources(tab, tally) {
  const room = await selectObserved(tab);
  const { contributors } = await ask(tab, `/v1/entities/${encodeURIComponent(room)}/attributes/temperature/why`);
  const source = contributors[0].source;
  await tab.keyboard.press('h');
  await tab.waitForSelector('.source-list');
  const doubted = (await Promise.all(STATES.map((state) => ask(tab, `/v1/health/sources?state=${state}`)))).flatMap((page) => page.items);
  const rows = await tab.locator('.source-row[data-state]').count();
  tally.check('every doubtful source is listed', Math.abs(rows - Math.min(200, doubted.length)) <= 1, `${rows} of ${doubted.length}`);
  tally.check('each says in words what it suffers from', await tab.$$eval('.source-state b', (all) => all.every((e) => e.textContent.trim() !== '')));
  // Whichever state it is in, it can be found and set aside.
  const { items } = await ask(tab, `/v1/health/sources?entity=${encodeURIComponent(room)}&attribute=temperature`);
  await tab.click(`[data-state=${items.find((item) => item.source === source).state}]`);
  await tab.fill('.sources input[type=search]', source.split(':').pop());
  await tab.click(`.source-row[data-source="${source}"] [data-act=set-aside]`);
  await tab.fill('.set-aside-form input[name=reason]', 'hangs in the sun');
  await tab.click('.set-aside-form [type=submit]');
  await tab.waitForSelector(`[data-set-aside="${source}"]`);
  tally.check('a source set aside stands there with its reason', /hangs in the sun/.test((await tab.textContent(`[data-set-aside="${source}"]`)) ?? ''));
  const marked = await tab.waitForSelector(`.room[data-id="${room}"][data-doubt~=quarantined]`, { state: 'attached', timeout: RECOMPUTED_WITHIN_MS }).then(() => true, () => false);
  tally.check('the room of a source set aside is marked', marked);
  await tab.click(`[data-set-aside="${source}"] [data-act=release]`);
  await tab.waitForSelector(`[data-set-aside="${source}"]`, { state: 'detached' });
  const restored = await tab.waitForSelector(`.room[data-id="${room}"]:not([data-doubt~=quarantined])`, { state: 'attached', timeout: RECOMPUTED_WITHIN_MS }).then(() => true, () => false);
  tally.check('a released source takes part again', restored);
  await tab.keyboard.press('Escape');
}

export async function calibration(tab, tally) {
  await tab.keyboard.press('c');
  await tab.waitForSelector('.class-list');
  const { classes } = await ask(tab, '/v1/calibration');
  const shown = await tab.$$eval('.class-row', (all) => all.map((e) => ({ attribute: e.dataset.class, verdict: e.dataset.verdict, words: e.querySelector('.verdict').textContent, outside: e.querySelector('.validated').classList.contains('flag'), bars: e.querySelectorAll('.pit-bar').length })));
  const of = (attribute) => shown.find((s) => s.attribute === attribute);
  tally.check('every class has its verdict', classes.every((c) => of(c.attribute)?.verdict === c.verdict), JSON.stringify(shown.map((s) => s.verdict)));
  tally.check('a class never checked against outside data says so', classes.every((c) => of(c.attribute)?.outside === (c.validatedOn === null)));
  tally.check('too few checks are no verdict', shown.filter((s) => s.verdict === 'tooFew').every((s) => s.bars === 0 && !/%/.test(s.words)));
  const judged = classes.filter((c) => c.verdict !== 'tooFew' && c.pit?.some((n) => n > 0));
  tally.check('a judged class shows its twenty bars', judged.every((c) => of(c.attribute)?.bars === 20));
  await tab.keyboard.press('Escape');
}

/** Somebody who may look and not touch. */
export async function onlooker(browser, tally, node, logIn, tab) {
  const [name, password] = ['onlooker', `only-looking-${Math.random().toString(36).slice(2)}`];
  await tab.evaluate((account) => fetch('/v1/accounts', { method: 'POST', headers: { 'X-Twin-Request': '1', 'Content-Type': 'application/json' }, body: JSON.stringify(account) }), { name, password, role: 'responder' });
  const context = await browser.newContext({ viewport: { width: 1024, height: 768 }, locale: 'en-GB' });
  const other = await context.newPage();
  await logIn(other, { ...node, user: name, password });
  await other.keyboard.press('h');
  await other.waitForSelector('.sources .hint');
  tally.check('whoever may not set a source aside is told why', /steward or the owner/.test((await other.textContent('.sources')) ?? '') && (await other.locator('[data-act]').count()) === 0);
  await context.close();
}

export async function suppositions(tab, tally) {
  const room = await selectObserved(tab);
  const believed = async () => (await ask(tab, `/v1/entities/${encodeURIComponent(room)}/attributes/smoke/why`)).claims.length;
  const before = await believed();
  await tab.click('[data-act=what-if]');
  await tab.click('[data-suppose=true]');
  await tab.waitForSelector('[data-supposed] .supposed');
  const words = (await tab.textContent('.supposed[data-attribute=smoke]')) ?? '';
  const supposed = (await tab.textContent('.supposed[data-attribute=smoke] .estimate-value')) ?? '';
  tally.check('what would be believed stands beside what is', supposed.trim() !== '' && /instead of/.test(words), words);
  tally.check('a supposition never looks observed', (await tab.locator('[data-supposed] .chip').count()) === 0 && (await tab.locator(`.room[data-id="${room}"] .area.alarm`).count()) === 0);
  await tab.selectOption('.what-if select', 'temperature');
  tally.check('another supposition forgets the last', (await tab.locator('[data-supposed]').count()) === 0);
  await tab.fill('.what-if input[name=supposed]', '61,5');
  await tab.click('.what-if [type=submit]');
  await tab.waitForSelector('.supposed[data-attribute=temperature]');
  tally.check('a number can be supposed', /°C/.test((await tab.textContent('.supposed[data-attribute=temperature]')) ?? ''));
  tally.check('nothing supposed is recorded', (await believed()) === before);
  await tab.click('[data-act=what-if]');
}

/** States something as the account that is logged in, now by the node's clock. */
const say = (tab, entity, attribute, value, unit) =>
  tab.evaluate(
    async (claim) => {
      const account = (await (await fetch('/v1/session')).json()).name;
      const time = Date.parse((await fetch('/v1/health')).headers.get('Date'));
      const line = { ...claim, source: `urn:twin:account:${account}`, observed: new Date(time).toISOString() };
      const answer = await fetch('/v1/claims', { method: 'POST', headers: { 'X-Twin-Request': '1', 'Content-Type': 'application/x-ndjson' }, body: `${JSON.stringify(line)}\n` });
      return (await answer.json()).accepted;
    },
    { entity, attribute, value, ...(unit ? { unit } : {}) },
  );

/** What few rooms and doors have is listed once it was said. */
export async function rareQuantities(tab, tally) {
  const room = await selectObserved(tab);
  const appears = (attribute, words) => tab.waitForSelector(`${row(attribute)} .estimate-value:text-matches("${words}")`, { timeout: 5000 }).then(() => true, () => false);
  await say(tab, room, 'ventilation', 120 + (Date.now() % 50), 'm3/h');
  tally.check('fresh air is listed once it was measured', await appears('ventilation', 'm³/h'));
  await say(tab, room, 'motion', true);
  tally.check('movement is listed once it was seen', await appears('motion', '^movement$'));
  const door = await tab.evaluate(() => document.querySelector('.door').dataset.id);
  await tab.evaluate((id) => document.querySelector(`.door[data-id="${id}"]`).dispatchEvent(new MouseEvent('click', { bubbles: true })), door);
  await tab.waitForSelector(`[data-detail="${door}"]`);
  await say(tab, door, 'serviceState', 'outOfService');
  tally.check('a door out of service says so in words', await appears('serviceState', '^out of service$'));
  await say(tab, door, 'passages', -3, '1');
  tally.check('people through a door are told with their way', await appears('passages', ' from .+ to '));
}
