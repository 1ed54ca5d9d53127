// Other organisations in the page: whose an estimate is, the panel of links, and finding.
// What a node with a link would say is put in place of what this one says, so that a cut, a
// narrow link and a refusal can be had without one.

import { tooSmall } from './browser.mjs';

/** The page asks for members every ten seconds. */
const ASKED_WITHIN_MS = 25_000;
const MINUTE_MS = 60_000;
const ago = (minutes) => new Date(Date.now() - minutes * MINUTE_MS).toISOString();
const clock = (time) => new Date(time).toTimeString().slice(0, 5);

const CUT = { connected: false, since: null, lastHeard: ago(8), commonUntil: ago(9), goodput_bytes_per_s: null };
const NARROW = { connected: true, since: ago(120), lastHeard: ago(0), commonUntil: ago(0), goodput_bytes_per_s: 1150 };
const owing = (ours, theirs, of = 'lifeSafety') => [{ class: of, oursMissing: ours, theirsMissing: theirs, oursUntil: ago(9), theirsUntil: ago(9) }];
const member = (name, id, contact, more = {}) => ({
  name, title: `The ${name}`, id: id.repeat(32), fingerprint: '74222 07876 24303 87163 70785 89958', isPeer: true, admittedBy: 'brigade', addresses: [`wss://${name}.example:8443`], since: ago(5000), revoked: false, retired: false, contact, ...more,
});
const US = { name: 'brigade', title: 'The brigade', id: 'a'.repeat(32), fingerprint: '48211 07734 90125 66310 22897 41053', addresses: [], since: ago(9000) };
const CODE = 'TWIN19J58HRYXEG4Z35FXABDJTF5TBNSCMSR9QWES84GVYDT8G0DM1XQNR289144GJ289144GJ289144GJ2AGKB4024KMDXVPAWHECNW62VBGDHJKME1M6GSNY3SVPW';
const INVITER = { fingerprint: '74222 07876 24303 87163 70785 89958', addresses: ['tower.example:8443'] };

/** Answers in place of the node; `asked` keeps what the page sent. */
class Stub {
  members = [member('tower', 'b', { ...CUT, classes: owing(3, 1) }), member('water', 'c', { ...NARROW, classes: [...owing(0, 0), ...owing(12, 0, 'bulk')] }), member('hospital', 'd', { connected: false, since: null, lastHeard: null, commonUntil: null }, { isPeer: false, admittedBy: 'water' })];
  own = US;
  shares = [];
  found = [];
  expires = ago(60);
  refusal = null;
  asked = [];

  async stand(tab) {
    const answer = (path, body) => tab.route((url) => url.pathname === path || url.pathname.startsWith(`${path}/`), (route) => this.#tell(route, body));
    await answer('/v1/organisation', () => ({ organisation: this.own }));
    await answer('/v1/members', (method) => (method === 'POST' ? this.joined() : { commit: 1, members: this.members }));
    await answer('/v1/invitations', (method) => (method === 'POST' ? { code: CODE, fingerprint: US.fingerprint, expires: ago(-1440) } : { invitations: [{ note: 'the hospital', made: ago(60), expires: ago(-1380), usedBy: null }] }));
    await answer('/v1/shares', () => ({ shares: this.shares }));
    await answer('/v1/disclosures', () => ({ disclosures: [{ id: '1-x-1', hour: ago(60), to: 'b'.repeat(32), toName: 'tower', class: 'lifeSafety', share: 1, claims: 3 }], next: null }));
    await answer('/v1/link/notices', () => ({ notices: [{ id: 1, at: ago(4), code: 'EXC-006', message: 'the clock of tower is ahead of ours' }], next: null }));
    await answer('/v1/find', () => ({ commit: 1, found: this.found }));
  }

  /** Who gave the code; the last word of the page decides whether it is only looked at. */
  joined() {
    const { look } = JSON.parse(this.asked.at(-1).body);
    return look ? { inviter: { ...INVITER, expires: this.expires } } : { member: member('tower', 'b', NARROW) };
  }

  #tell(route, body) {
    const request = route.request();
    if (request.method() !== 'GET') this.asked.push({ method: request.method(), path: new URL(request.url()).pathname, body: request.postData() });
    if (this.refusal) return route.fulfill({ status: this.refusal.status, json: this.refusal.json });
    return route.fulfill({ json: body(request.method()) });
  }
}

/** The answers of the node, as if the tower had told all of its temperatures and its name. */
async function asReceived(tab) {
  const marked = async (route, change) => {
    const response = await route.fetch();
    const body = await response.json();
    change(body);
    await route.fulfill({ response, json: body });
  };
  await tab.route(/\/v1\/storeys\/[^/]+\/plan$/, (route) => marked(route, (plan) => plan.spaces.forEach((space) => Object.assign(space.attributes.temperature ?? {}, { from: ['tower'] }))));
  await tab.route(/\/v1\/buildings\/[^/]+$/, (route) => marked(route, (building) => Object.assign(building.name ?? {}, { from: ['tower'] })));
}

async function reload(tab) {
  await tab.reload();
  await tab.waitForSelector('[data-connection=live]');
  await tab.waitForSelector('.room, .plan-note');
}

async function openLinks(tab) {
  if ((await tab.locator('.links').count()) === 0) await tab.keyboard.press('m');
  await tab.waitForSelector('.links');
}

export async function received(tab, tally, context) {
  const stub = new Stub();
  await stub.stand(tab);
  await asReceived(tab);
  await reload(tab);
  await tab.keyboard.press('1');
  await tab.waitForSelector('.room[data-look=observed], .room[data-look=old], .room[data-look=inferred]');
  const since = `out of contact since ${clock(CUT.lastHeard)}; last common state ${clock(CUT.commonUntil)}`;
  await tab.waitForSelector('[data-owner=tower][data-contact=outOfContact]');
  const owner = await tab.textContent('[data-owner=tower]');
  tally.check('a building that was received names its owner at the top, and the contact', owner.includes('From tower') && owner.includes(since), owner);
  const room = tab.locator('.room[data-look=observed], .room[data-look=old], .room[data-look=inferred]').first();
  const tooltip = await room.locator('title').textContent();
  tally.check('the plan says whose a value is, how old, and since when out of contact', /from tower, .+ old/.test(tooltip) && tooltip.includes(since), tooltip);
  await room.dispatchEvent('click');
  const line = '.attribute[data-attribute=temperature] [data-from=tower]';
  await tab.waitForSelector(line);
  const words = (await tab.textContent(line)) ?? '';
  tally.check('so does the room, in words', new RegExp(`from tower, .+ old, ${since}`).test(words), words);
  tally.check('and by a sign that is not colour alone', (await tab.locator(`${line} svg`).count()) === 1);
  tally.check('a storey counts what it cannot have news of', (await tab.locator('.count-away').count()) > 1);
  tally.check('the page counts who is out of contact', ((await tab.textContent('[data-panel=links]')) ?? '').includes('1'));
  stub.members = stub.members.map((m) => (m.name === 'tower' ? { ...m, contact: NARROW } : m));
  const back = await tab.waitForSelector('[data-owner=tower][data-contact=inContact]', { timeout: ASKED_WITHIN_MS }).then(() => true, () => false);
  tally.check('contact that is back is shown', back);
  await context.setOffline(true);
  const doubtful = await tab.waitForSelector('[data-owner=tower][data-contact=unknown]', { timeout: ASKED_WITHIN_MS }).then(() => true, () => false);
  tally.check('contact is not told as such while the node is away', doubtful);
  await context.setOffline(false);
  await tab.waitForSelector('[data-connection=live]', { timeout: ASKED_WITHIN_MS });
  await tab.unrouteAll({ behavior: 'ignoreErrors' });
}

export async function links(tab, tally) {
  const stub = new Stub();
  await stub.stand(tab);
  await reload(tab);
  await openLinks(tab);
  await tab.waitForSelector('[data-member=tower]');
  const row = async (name) => (await tab.textContent(`[data-member=${name}]`)) ?? '';
  const [tower, water, hospital] = [await row('tower'), await row('water'), await row('hospital')];
  tally.check('a member is told with its fingerprint and what is missing on either side', tower.includes('74222 07876') && /life safety: 3 of ours not there, 1 of theirs not here/.test(tower), tower);
  tally.check('a narrow link is told as one', water.includes('narrow link') && water.includes('both have the same'), water);
  tally.check('a member is told apart from a peer', hospital.includes('known through water') && hospital.includes('never in contact'), hospital);
  tally.check('who is out of contact comes first', (await tab.getAttribute('[data-member]', 'data-member')) === 'tower');
  const notices = (await tab.textContent('[data-list=notices]')) ?? '';
  tally.check('a notice has its code and what it means', notices.includes('EXC-006') && notices.includes('Have it set'), notices);
  await inviting(tab, tally);
  await joining(tab, tally, stub);
  await sharing(tab, tally, stub);
  await disclosing(tab, tally);
  await removing(tab, tally, stub);
  await refused(tab, tally, stub);
  await tab.unrouteAll({ behavior: 'ignoreErrors' });
  await reload(tab);
}

async function inviting(tab, tally) {
  await tab.fill('[data-form=invite] input[name=note]', 'the hospital');
  await tab.click('[data-form=invite] button[type=submit]');
  await tab.waitForSelector('[data-invited]');
  const shown = `${await tab.inputValue('[data-invited] textarea')} ${await tab.textContent('[data-invited]')}`;
  tally.check('an invitation shows its code with fingerprint and expiry', shown.includes(CODE) && shown.includes(US.fingerprint) && /expires/.test(shown), shown);
  const small = await tooSmall(tab);
  tally.check('everything to tap in the links is 48 px or more', small.length === 0, small.join(', '));
  await tab.click('[data-invited] button:last-of-type');
  tally.check('a code that was put away is gone', !(await tab.content()).includes(CODE));
}

async function joining(tab, tally, stub) {
  const form = '[data-form=join]';
  const look = async () => {
    await tab.fill(`${form} textarea`, CODE);
    await tab.click(`${form} button[type=submit]`);
  };
  const called = () => stub.asked.filter((a) => a.path === '/v1/members' && a.method === 'POST' && !JSON.parse(a.body).look).length;
  await look();
  const expired = await tab.waitForSelector(`${form} .problem:not(:empty)`, { timeout: 5000 }).then((e) => e.textContent(), () => '');
  tally.check('a code that has expired is said to', /expired/.test(expired ?? ''), expired ?? '');
  stub.expires = ago(-60);
  await look();
  await tab.waitForSelector('[data-inviter]');
  const inviter = (await tab.textContent('[data-inviter]')) ?? '';
  tally.check('who gave a code is shown before anybody is called', inviter.includes(INVITER.fingerprint) && inviter.includes('tower.example') && called() === 0, inviter);
  await tab.click('[data-act=join]');
  await tab.waitForSelector('[data-inviter]', { state: 'detached' });
  tally.check('and joined when it is said to be the same', called() === 1, `${called()}`);
}

async function sharing(tab, tally, stub) {
  await tab.click('[data-act=share]');
  await tab.selectOption('select[name=to]', 'b'.repeat(32));
  await tab.click('[data-kind=space]');
  await tab.click('[data-attributes=some]');
  const sentence = (await tab.textContent('[data-sentence] b')) ?? '';
  tally.check('a rule is told as a sentence before it is made', sentence === 'tower gets smoke of rooms anywhere: all that was ever said, and what will be.', sentence);
  const small = await tooSmall(tab);
  tally.check('everything to tap in a rule is 48 px or more', small.length === 0, small.join(', '));
  await tab.click('[data-form=share] button[type=submit]');
  await tab.waitForSelector('[data-form=share]', { state: 'detached' });
  const sent = JSON.parse(stub.asked.find((a) => a.path === '/v1/shares')?.body ?? '{}');
  const expected = { to: 'b'.repeat(32), kinds: ['space'], attributes: ['smoke'], area: null, backfill: true, summaries: false };
  tally.check('what is made is what the sentence said', JSON.stringify(sent) === JSON.stringify(expected), JSON.stringify(sent));
}

async function disclosing(tab, tally) {
  await tab.click('[data-list=disclosures] summary');
  await tab.waitForSelector('[data-list=disclosures] .score-list li b');
  const told = (await tab.textContent('[data-list=disclosures] .score-list')) ?? '';
  tally.check('what has left is told with whom, class and rule', /3 claims to tower.*life safety.*by rule 1/.test(told), told);
}

async function removing(tab, tally, stub) {
  const gone = () => stub.asked.filter((a) => a.method === 'DELETE').map((a) => a.path);
  await tab.click('[data-member=tower] [data-act=remove]');
  const means = (await tab.textContent('[data-member=tower] .set-aside-form')) ?? '';
  tally.check('ending a membership says first what it means', means.includes('nothing more is shared') && gone().length === 0, means);
  await tab.click('[data-member=tower] [data-act=remove-now]');
  await tab.waitForSelector('[data-member=tower] .set-aside-form', { state: 'detached' });
  tally.check('and ends it when it is said twice', gone().join() === `/v1/members/${'b'.repeat(32)}`, gone().join());
}

async function refused(tab, tally, stub) {
  stub.refusal = { status: 403, json: { code: 'API-403', message: 'sharing is for stewards and the owner' } };
  await tab.keyboard.press('Escape');
  await openLinks(tab);
  const told = await tab.waitForFunction(() => /API-403.*stewards/.test(document.querySelector('.links')?.textContent ?? ''), undefined, { timeout: ASKED_WITHIN_MS }).then(() => true, () => false);
  tally.check('a refusal is told with its code and who may', told);
  stub.refusal = null;
  stub.own = null;
  stub.members = [];
  await reload(tab);
  await openLinks(tab);
  tally.check('a node without an organisation can found one', await tab.waitForSelector('[data-form=found]', { timeout: ASKED_WITHIN_MS }).then(() => true, () => false));
}

export async function finding(tab, tally) {
  const stub = new Stub();
  await stub.stand(tab);
  await reload(tab);
  const here = await tab.getAttribute('.room', 'data-id');
  const announced = { id: 'urn:twin:elsewhere', kind: 'building', name: 'Elsewhere', address: '1 Station Square', place: { latitude_deg: 52, longitude_deg: 4 }, distance_m: 1540, score: 0.9, sources: [], from: [{ name: 'tower', id: 'b'.repeat(32), connected: false, lastHeard: ago(8) }], identities: [{ id: here, probability: 0.92 }] };
  stub.found = [announced, { id: here, kind: 'space', name: 'Here', address: null, place: null, distance_m: null, score: 0.7, sources: [], from: [], identities: [] }];
  await tab.keyboard.press('/');
  await tab.waitForSelector('input[name=find]:focus');
  await tab.keyboard.type('station m');
  tally.check('what is typed into the search is no key', (await tab.inputValue('input[name=find]')) === 'station m' && (await tab.locator('.find').count()) === 1);
  await tab.waitForSelector('[data-found]');
  const words = (await tab.textContent('[data-found="urn:twin:elsewhere"]')) ?? '';
  const parts = ['building', '1 Station Square', '1.5 km away', 'same as Here, 92 %', 'from tower', 'out of contact since'];
  tally.check('what was found is told with place, owner, contact and what it may be the same as', parts.every((part) => words.includes(part)), words);
  await tab.click('[data-found="urn:twin:elsewhere"]');
  const told = await tab.waitForSelector('[data-announced]', { timeout: 5000 }).then(() => tab.textContent('[data-announced]'), () => '');
  tally.check('of what has no plan here, it is told whom to ask', /Ask tower/.test(told ?? ''), told ?? '');
  await tab.click('[data-announced] > button');
  await tab.click(`[data-found="${here}"]`);
  tally.check('what has one is opened', await tab.waitForSelector(`[data-detail="${here}"]`, { timeout: 5000 }).then(() => true, () => false));
  stub.found = [];
  await tab.keyboard.press('/');
  await tab.fill('input[name=find]', 'nowhere');
  tally.check('nothing found does not mean nothing there', await tab.waitForSelector('text=It may exist all the same', { timeout: 5000 }).then(() => true, () => false));
  await tab.keyboard.press('Escape');
  await tab.unrouteAll({ behavior: 'ignoreErrors' });
  await reload(tab);
}
