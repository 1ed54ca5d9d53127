// The picture as this page holds it: in memory only, complete enough to go on without the
// node (every storey is fetched ahead), and changed in place by the event stream.

import { batch, createSignal } from 'solid-js';
import { createStore, produce, reconcile } from 'solid-js/store';
import type { Building, BuildingSummary, ChangeSet, Finding, Plan, Section, Session, Twin } from '../model/api.ts';
import { estimateOf } from '../model/api.ts';
import { Away, Client, Refused, enc } from './client.ts';
import { createConnection } from './connection.ts';
import { whenIdle } from './idle.ts';
import { Stream } from './stream.ts';

export interface StoreyPlan { id: string; spaces: string[]; portals: string[] }

/** Changes are drawn together this often: ten times a second is live to the eye, whatever
    the rate of claims. */
const DRAW_EVERY_MS = 100;

/** Changes of these redraw the building itself, not only what is known about it. */
const STRUCTURE = new Set(['connects', 'partOf', 'footprint', 'span', 'usage', 'portalKind', 'elevation']);
const REREAD_AFTER_MS = 800;
/** Change sets remembered so that a slow answer cannot overwrite newer news. */
const RECENT_MAX = 500;
const FINDINGS_PAGE = 1000;
const FINDINGS_MAX = 10_000;

export type Picture = ReturnType<typeof createPicture>;

export function createPicture() {
  const client = new Client();
  const [session, setSession] = createSignal<Session | null | undefined>(undefined);
  const [expired, setExpired] = createSignal(false);
  const [setupNeeded, setSetupNeeded] = createSignal(false);
  const [buildings, setBuildings] = createSignal<BuildingSummary[] | undefined>(undefined);
  const [building, setBuilding] = createSignal<Building | undefined>(undefined);
  const [section, setSection] = createSignal<Section | undefined>(undefined);
  const [findings, setFindings] = createSignal<Finding[] | undefined>(undefined);
  const [findingsProblem, setFindingsProblem] = createSignal<unknown>(null);
  const [plans, setPlans] = createStore<Record<string, StoreyPlan>>({});
  const [twins, setTwins] = createStore<Record<string, Twin>>({});
  const [announcement, announce] = createSignal('');
  let stream: Stream | null = null;
  let recent: ChangeSet[] = [];
  let waiting: ChangeSet[] = [];
  const home = new Map<string, string>();
  const [homes, setHomes] = createSignal(0);
  let reread: ReturnType<typeof setTimeout> | null = null;
  let onScreen: string | undefined;
  /** Plans that were asked for and have not come yet. */
  const underWay = new Map<string, Promise<void>>();

  const connection = createConnection(client, () => connection.streamLost(), () => stream?.reconnect());
  client.onLoggedOut = () => expire();

  /** First contact: is there an account, and is somebody logged in? */
  async function begin(): Promise<void> {
    try {
      setSession(await client.get<Session>('/v1/session'));
    } catch (error) {
      if (error instanceof Away) {
        setTimeout(() => void begin(), 2000);
        return;
      }
      const setup = await client.get<{ needed?: boolean }>('/v1/setup').catch(() => ({ needed: false }));
      setSetupNeeded(setup.needed === true);
      setSession(null);
      return;
    }
    await readBuildings();
  }

  async function logIn(name: string, password: string): Promise<void> {
    const before = session();
    const now = await client.send<Session>('POST', '/v1/session', JSON.stringify({ name, password }));
    if (before && before.name !== now.name) leave();
    setExpired(false);
    setSession(now);
    await readBuildings();
  }

  async function setUp(code: string, name: string, password: string): Promise<void> {
    await client.send('POST', '/v1/setup', JSON.stringify({ code, name, password }));
    setSetupNeeded(false);
    await logIn(name, password);
  }

  async function logOut(): Promise<void> {
    await client.send('DELETE', '/v1/session').catch(() => undefined);
    leave();
  }

  /** The node ended the session, perhaps because it was started anew. In an incident the
      last picture is worth more than a clean screen: it stays until somebody logs in or
      out. */
  function expire(): void {
    if (!session()) return;
    stream?.close();
    connection.streamLost();
    setExpired(true);
  }

  /** Forgets everything about buildings. */
  function leave(): void {
    stream?.close();
    stream = null;
    home.clear();
    recent = [];
    waiting = [];
    onScreen = undefined;
    underWay.clear();
    batch(() => {
      setSession(null);
      setExpired(false);
      setBuildings(undefined);
      setBuilding(undefined);
      setSection(undefined);
      setFindings(undefined);
      setFindingsProblem(null);
      setPlans(reconcile({}));
      setTwins(reconcile({}));
    });
  }

  async function readBuildings(): Promise<void> {
    const list = await client.get<{ commit: number; buildings: BuildingSummary[] }>('/v1/buildings');
    setBuildings(list.buildings);
    const wanted = list.buildings.find((b) => b.id === building()?.id) ?? list.buildings[0];
    if (wanted) await openBuilding(wanted.id);
    else listen(list.commit, null);
  }

  async function openBuilding(id: string): Promise<void> {
    const fresh = await readBuilding(id);
    listen(fresh.commit, null);
    void readFindings();
  }

  async function readBuilding(id: string): Promise<Building> {
    const fresh = await client.get<Building>(`/v1/buildings/${enc(id)}`);
    setBuilding(fresh);
    // The commit of the answer read first is where the stream begins, so nothing between two
    // reads is missed.
    void readRest(fresh);
    return fresh;
  }

  /** First the storey on screen, then how storeys hang together, then the other storeys: one
      at a time and between two drawings, so that neither a slow link nor a slow machine is
      flooded. */
  async function readRest({ id, storeys }: Building): Promise<void> {
    const first = storeys.find((s) => s.id === onScreen)?.id;
    const isHere = first !== undefined && (await (underWay.get(first) ?? readPlan(first)).then(() => true, () => false));
    const strip = await client.get<Section>(`/v1/buildings/${enc(id)}/section`).catch(() => undefined);
    if (building()?.id !== id) return;
    setSection(strip);
    for (const storey of storeys) {
      // One that did not come is asked for again in its turn.
      if (isHere && storey.id === first) continue;
      await whenIdle();
      await readPlan(storey.id).catch(() => undefined);
    }
  }

  /** The storey that somebody looks at does not wait for its turn. */
  function look(id: string): void {
    onScreen = id;
    if (!plans[id] && !underWay.has(id)) void readPlan(id).catch(() => undefined);
  }

  function readPlan(id: string): Promise<void> {
    const read = fetchPlan(id).finally(() => {
      if (underWay.get(id) === read) underWay.delete(id);
    });
    underWay.set(id, read);
    return read;
  }

  async function fetchPlan(id: string): Promise<void> {
    const plan = await client.get<Plan>(`/v1/storeys/${enc(id)}/plan`);
    batch(() => {
      for (const twin of [...plan.spaces, ...plan.portals]) setTwins(twin.id, reconcile(twin));
      for (const [twin, at] of home) if (at === id) home.delete(twin);
      for (const twin of [...plan.spaces, ...plan.portals]) home.set(twin.id, id);
      setHomes((n) => n + 1);
      setPlans(id, { id, spaces: plan.spaces.map((t) => t.id), portals: plan.portals.map((t) => t.id) });
      for (const set of recent) if (set.commit > plan.commit) applyTo(set);
    });
  }

  function listen(after: number, narrow: string | null): void {
    stream?.close();
    stream = new Stream(after, narrow, {
      open: connection.streamOpen,
      lost: () => {
        connection.streamLost();
        void checkSession();
      },
      change: apply,
      reset: () => rereadSoon(),
    });
  }

  /** The stream also ends when the session does; only asking tells which it was. */
  async function checkSession(): Promise<void> {
    await client.get('/v1/session').catch((error: unknown) => {
      if (error instanceof Refused && error.status === 401) expire();
    });
  }

  function apply(set: ChangeSet): void {
    recent = [...recent.slice(1 - RECENT_MAX), set];
    if (waiting.length === 0) setTimeout(draw, DRAW_EVERY_MS);
    waiting.push(set);
  }

  function draw(): void {
    const sets = waiting;
    waiting = [];
    const structural = batch(() => sets.map(applyTo).some(Boolean));
    if (structural) rereadSoon();
  }

  /** Changes the picture in place; tells whether the building itself changed. */
  function applyTo(set: ChangeSet): boolean {
    let structural = false;
    setTwins(
      produce((all) => {
        for (const change of set.changes) {
          const twin = all[change.entity];
          if (twin) twin.attributes[change.attribute] = change.estimate;
          const isNew = !twin && !!change.storey && plans[change.storey] !== undefined;
          structural ||= isNew || STRUCTURE.has(change.attribute);
        }
      }),
    );
    return structural;
  }

  /** Reads everything again, once, a little later: imports come as many changes. */
  function rereadSoon(): void {
    if (reread !== null) clearTimeout(reread);
    reread = setTimeout(() => {
      reread = null;
      void rereadNow().catch(() => undefined);
    }, REREAD_AFTER_MS);
  }

  async function rereadNow(): Promise<void> {
    // What was asked for before may be answered as it was before.
    underWay.clear();
    const list = await client.get<{ buildings: BuildingSummary[] }>('/v1/buildings');
    setBuildings(list.buildings);
    const wanted = list.buildings.find((b) => b.id === building()?.id) ?? list.buildings[0];
    if (wanted) await readBuilding(wanted.id);
    else setBuilding(undefined);
    await readFindings();
  }

  async function readFindings(): Promise<void> {
    const id = building()?.id;
    if (id) await findingsOf(id).then(setFindings).then(() => setFindingsProblem(null), setFindingsProblem);
  }

  async function findingsOf(id: string): Promise<Finding[]> {
    const all: Finding[] = [];
    let after = '';
    do {
      const page: { findings: Finding[]; next?: string | null } = await client.get(
        `/v1/findings?building=${enc(id)}&limit=${FINDINGS_PAGE}${after ? `&after=${enc(after)}` : ''}`,
      );
      all.push(...page.findings);
      after = page.next ?? '';
    } while (after && all.length < FINDINGS_MAX);
    return all;
  }

  /** Which storey a space or portal lies on. */
  function storeyOf(id: string): string | undefined {
    homes();
    return plans[id] ? id : home.get(id);
  }

  /** What a twin is called; its id's last part where no name may be shown. */
  function nameOf(id: string): string {
    const twin = twins[id];
    for (const attribute of ['name', 'longName']) {
      const value = estimateOf(twin, attribute)?.value;
      if (typeof value === 'string' && value !== '') return value;
    }
    const storey = building()?.storeys.find((s) => s.id === id)?.name?.value;
    return typeof storey === 'string' ? storey : (id.split(':').slice(-2).join(' '));
  }

  return {
    client, connection, session, expired, setupNeeded, buildings, building, section, findings, findingsProblem, plans, twins,
    begin, logIn, setUp, logOut, openBuilding, look, readPlan, rereadNow, storeyOf, nameOf, announcement, announce,
  };
}
