import { codesEn } from './codes.ts';
import { completenessEn, identityEn, mapEn, pointsEn, sameEn, wayEn } from './cityEn.ts';
import { findEn, linksEn, sharesEn } from './linkEn.ts';

/** Every word on the page, in English. `nl.ts` has the same shape. */
export const en = {
  locale: 'en-GB',
  language: 'English',
  yes: 'yes',
  and: 'and',
  alarm: (where: string) => `Alarm: ${where}`,
  no: 'no',
  age: { s: 's', min: 'min', h: 'h', d: 'd' },
  ago: (age: string) => `${age} ago`,
  earlier: (age: string) => `${age} before`,
  ageUnknown: 'age unknown',
  look: {
    observed: 'observed', old: 'observed, but old', inferred: 'inferred', unknown: 'unknown', predicted: 'predicted',
    assumed: 'assumed', conflicting: 'conflicting', absent: 'known to be absent', withheld: 'withheld from you', notApplicable: 'not applicable',
  },
  lookShort: {
    observed: 'observed', old: 'old', inferred: 'inferred', unknown: 'unknown', predicted: 'predicted',
    assumed: 'assumed', conflicting: 'conflict', absent: 'absent', withheld: 'withheld', notApplicable: 'n/a',
  },
  lookMeaning: {
    observed: 'seen now by a sensor or a person', old: 'seen, but too long ago to rely on', inferred: 'derived from other evidence',
    unknown: 'nobody has said anything usable; not the same as safe', predicted: 'for a time that has not come', assumed: 'only what is usual for such a thing',
    conflicting: 'sources contradict each other', absent: 'known not to be there', withheld: 'you may not see this; it may or may not be known',
    notApplicable: 'makes no sense here',
  },
  status: {
    observed: 'observed', fused: 'observed by several', inferred: 'inferred', predicted: 'predicted', assumed: 'assumed', stale: 'old',
    conflicting: 'conflicting', unknown: 'unknown', absent: 'absent', withheld: 'withheld', notApplicable: 'not applicable',
  },
  state: { motion: { yes: 'movement', no: 'still' }, undecided: 'undecided', smoke: { yes: 'SMOKE', no: 'clear' }, open: { yes: 'open', no: 'closed' }, plain: { yes: 'yes', no: 'no' } },
  passages: (n: number, from: string | undefined, to: string | undefined) => (n === 0 ? 'nobody, or as many each way' : `${n} from ${from ?? 'outside'} to ${to ?? 'outside'}`),
  shape: { polygon: 'plan outline', line: 'line between jambs' },
  quantity: { temperature: 'Temperature', co2: 'CO₂', humidity: 'Humidity', occupancy: 'People', smoke: 'Smoke', open: 'Doors open', existence: 'Structure' },
  attribute: {
    temperature: 'Temperature', co2: 'CO₂', humidity: 'Humidity', occupancy: 'People', smoke: 'Smoke', motion: 'Motion', phones: 'Phones seen', ventilation: 'Fresh air', passages: 'People through', serviceState: 'Service', open: 'Stands open', existence: 'Is there at all',
    passable: 'Passable', name: 'Name', longName: 'Description', usage: 'Use', area: 'Floor area', height: 'Height', width: 'Width', floorElevation: 'Floor height',
    elevation: 'Floor height', fireExit: 'Fire exit', isExternal: 'Leads outside', fireRating: 'Fire rating', smokeStop: 'Holds back smoke', selfClosing: 'Self-closing',
    accessible: 'Wheelchair accessible', portalKind: 'Kind of opening', connects: 'Joins', partOf: 'Part of', position: 'Position', footprint: 'Outline', span: 'Jambs',
    type: 'Sort of thing', address: 'Address', sitePosition: 'Place', identifies: 'Is the same as',
    outline: 'Ground plan', course: 'Course', ends: 'Junctions at its ends', streetKind: 'Kind of street', walkable: 'On foot', landUse: 'Land use', planRotation: 'Turn of the plan', storeysAboveGround: 'Storeys above ground', storeysBelowGround: 'Storeys below ground',
    buildingHeight: 'Height above ground', leadsTo: 'Leads to', contact: 'Whom to call', point: 'Point', observes: 'Tells of',
  } as Record<string, string>,
  usage: {
    room: 'room', corridor: 'corridor', lobby: 'lobby', stair: 'stair', lift: 'lift', shaft: 'shaft', plant: 'plant room', sanitary: 'sanitary', roof: 'roof', outside: 'outside',
    door: 'door', opening: 'opening', openContact: 'open connection', stairLink: 'stair', liftDoor: 'lift door',
  } as Record<string, string>,
  service: { inService: 'in service', fireService: 'fire service only', outOfService: 'out of service' } as Record<string, string>,
  flag: {
    stale: 'old', conflicting: 'conflicting', faultySource: 'a source may be faulty', withheld: 'withheld', late: 'includes late evidence',
    outOfRange: 'an implausible value was set aside', simulated: 'SIMULATED', drill: 'DRILL', quarantined: 'a source is set aside', widened: 'given wider: estimates of this kind were too sure', clockSkew: 'a source\'s clock is off',
  } as Record<string, string>,
  doubt: { title: 'a source is in doubt', meaning: 'somebody or something that tells about this place may be wrong; it is weighed less and named under “why”' },
  connection: {
    connecting: 'connecting', live: 'live', reconnecting: 'reconnecting', since: (t: string) => `since ${t}`,
    lastCommon: (t: string) => `last common state ${t}`, oldPicture: 'The node does not answer. This is the last picture; ages go on counting.',
    queued: (n: number) => (n === 1 ? '1 observation waits to be sent' : `${n} observations wait to be sent`),
    readOnly: 'node is not ready',
    clockOff: (s: string) => `this device's clock is off by ${s}`,
  },
  login: {
    title: 'Log in', again: 'The node ended your session, perhaps because it was started anew. Log in again; until then this is the last picture.', name: 'Name', password: 'Password', submit: 'Log in', logout: 'Log out',
    setupTitle: 'Set up the first account', setupHelp: 'The code was printed where this node was started. It works once.', code: 'Code', setupSubmit: 'Create account',
    purpose: 'Shows what is known about a building, how surely and since when. It never dispatches, actuates or announces.',
  },
  role: { owner: 'owner', steward: 'steward', responder: 'responder', viewer: 'viewer', source: 'source' } as Record<string, string>,
  nav: {
    building: 'Building', storeys: 'Storeys', section: 'Stairs and lifts', plan: 'Plan', quantity: 'What to look at', details: 'Details', findings: 'Findings', imports: 'Import', route: 'Route',
    sources: 'Sources', calibration: 'Calibration', links: 'Links', find: 'Find', map: 'Map', completeness: 'Completeness', identities: 'Same things', points: 'Sensor points', place: 'Place', review: 'Review',
    help: 'Keys', theme: 'Theme', night: 'Night', light: 'Light', language: 'Nederlands', close: 'Close', key: 'Key', zoomIn: 'Zoom in', zoomOut: 'Zoom out', fit: 'Whole storey', print: 'Print',
  },
  storey: {
    unnamed: 'unnamed storey', unknownShare: (n: number, of: number) => `${n} of ${of} spaces unknown`, oldShare: (n: number) => `${n} old`, alarmShare: (n: number) => `${n} alarming`, inferredShare: (n: number) => `${n} inferred`, doubtfulShare: (n: number) => `${n} with a doubtful source`,
    noSpaces: 'No spaces are known here. How this storey is divided is unknown.', noPlan: 'The plan of this storey has not arrived.', unplaced: 'Without a known place on the plan', withheldPlan: 'The plan is withheld from you',
    vertical: 'vertical link unknown', verticalDoubtful: 'vertical link doubtful',
    stop: (usage: string, storey: string) => `${usage} at ${storey}`,
  },
  empty: { title: 'No building yet', help: 'Import an IFC file to begin, or a CSV of storeys, stairs and entrances.' },
  detail: {
    nothing: 'Select a room or a door to see what is known about it.', live: 'Now', facts: 'Facts', verbatim: 'As written', why: 'Why?', hideWhy: 'Hide',
    space: 'Space', portal: 'Door or opening', storey: 'Storey', building: 'Building', nothingSaid: 'Nobody has said anything about this.',
    withheld: 'You may not see this. It may or may not be known.', alternatives: 'Sources disagree', doors: 'Doors and openings', unnamed: 'without a name',
    sources: (n: number) => (n === 1 ? '1 source' : `${n} sources`), thing: 'Thing',
  },
  why: {
    contributions: 'Who says so', claims: 'Claims', readings: (n: number) => (n === 1 ? '1 claim' : `${n} claims`),
    changes: 'What would change this most', aReading: 'One fresh reading of a usual sensor', without: (source: string) => `Without ${source}`, insteadOf: (then: string, now: string) => `${then} instead of ${now}`,
    mark: { late: 'came late', twice: 'said twice', aged: 'old' } as Record<string, string>,
    loading: 'Asking the node…', away: 'The node does not answer; its claims cannot be read now.', source: 'Source', value: 'Value', observed: 'Observed', recorded: 'Recorded', weight: 'Weight',
    none: 'No claim stands behind this.', set: 'carries no weight', meaning: 'Meaning', staleAfter: (age: string) => `counts as old after ${age}`, retracted: 'taken back', saidUnknown: 'said: unknown', saidAbsent: 'said: absent', saidNa: 'said: not applicable',
    failed: 'The claims could not be read', more: (n: number) => `${n} older claims not shown`, verbatim: 'Kept per source, never weighed against each other.',
  },
  moment: {
    another: 'Another time…', backToNow: 'Back to now', at: 'As it was at', knownAt: 'As known at', now: 'now', asWas: (t: string) => `As it was at ${t}`, asWillBe: (t: string) => `As it may be at ${t}`, asKnown: (t: string) => `as known at ${t}`,
    step: (min: number) => (min < 0 ? `${-min} min ago` : `in ${min} min`), help: 'Empty means now. “As known at” leaves out what the node was told later.', frozen: 'A fixed time: it does not follow the news.',
  },
  claim: {
    title: 'I see', passable: 'passable', blocked: 'blocked', smoke: 'smoke', noSmoke: 'no smoke', open: 'stands open', closed: 'is closed', people: 'People', count: 'Number', send: 'Record',
    sureness: 'How sure', certain: 'certain', fairly: 'fairly sure', recorded: 'Recorded in your name.', kept: 'Kept here; will be sent when the node answers.', refused: 'Not accepted', badCount: 'A whole number of people, please.',
  },
  whatIf: {
    open: 'What if…', close: 'Stop supposing', what: 'What to suppose', suppose: 'Suppose', title: 'SUPPOSED.', nothingRecorded: 'Nothing of this was recorded.', noChange: 'Nothing would change.',
    insteadOf: (now: string) => `instead of ${now}`, badNumber: 'A number, please.',
  },
  findings: {
    filter: 'Filter', all: 'all', none: 'Nothing found.', jump: 'Show place', severity: { error: 'error', warning: 'warning', note: 'note' }, line: (n: number) => `line ${n}`,
    shown: (n: number, of: number) => `${n} of ${of}`, away: 'The findings could not be read', code: 'Code',
  },
  sources: {
    state: { ok: 'well', stuck: 'stuck', drifting: 'drifting', noisy: 'noisy', silent: 'silent' } as Record<string, string>,
    states: 'State', doubtful: 'in doubt', doubtfulTitle: 'Sources in doubt', since: (age: string) => `for ${age}`, suspected: (p: string) => `doubt ${p}`, tooHigh: (by: string) => `reads ${by} too high`, tooLow: (by: string) => `reads ${by} too low`,
    scatters: (times: string) => `scatters ${times} × what it states`, clockAhead: (by: string) => `its clock is ${by} ahead`, clockBehind: (by: string) => `its clock is ${by} behind`, readings: (n: number) => (n === 1 ? '1 reading' : `${n} readings`),
    mayNot: 'Only a steward or the owner may set a source aside.', setAside: 'Set aside…', setAsideTitle: 'Set aside', isSetAside: 'set aside', setAsideNow: (name: string) => `Set ${name} aside`, reason: 'Reason',
    setAsideHelp: 'What this source said is taken out of every estimate, and what it says from now on is recorded but not weighed. It can be released.',
    recomputing: 'Estimates are being worked out afresh; until then some still contain the source.',
    release: 'Release', wasSetAside: (name: string) => `${name} is set aside.`, wasReleased: (name: string) => `${name} is released.`, noneDoubtful: 'No source is in doubt.', failed: 'The sources could not be read',
  },
  calibration: {
    help: 'Each reading is first held against what the node would have said without it. An estimate that says 90 % should hold 90 times in 100. Bars show where the truth fell in what was said: even is right, horns at the ends are too sure, a hump in the middle is too unsure.',
    holds: (p: string) => `Says 90 %, holds ${p}`, wider: (times: string) => `, so given ${times} × wider`, verdict: { calibrated: 'as sure as it says', tooSure: 'too sure', tooUnsure: 'wider than need be' } as Record<string, string>,
    tooFew: (n: number) => (n === 1 ? 'Checked only once: too few to tell.' : `Checked only ${n} times: too few to tell.`), neverTried: 'Not checked yet.', validatedOn: (what: string) => `Checked against outside data: ${what}.`, neverOutside: 'Never checked against outside data.',
    coverage: (says: string, holds: string) => `says ${says}, holds ${holds}`, pit: (within: number, of: number) => `${within} of ${of} bars within what chance allows`,
    checks: (n: number) => (n === 1 ? '1 check' : `${n} checks`), crps: 'mean score (CRPS)', logScore: 'log score', brier: 'Brier score', perSource: 'Per source', holds90: '90 % holds', foreseen: 'foreseen', reliability: (foreseen: string, said: string, n: number) => `foreseen ${foreseen}, was so ${said} (${n})`, hit: 'hits', falseAlarm: 'false alarms', failed: 'The scores could not be read',
  },
  imports: {
    drop: 'Drop a file here: IFC, CityJSON, OpenStreetMap, GeoJSON or CSV', mapping: 'Mapping file (GeoJSON)', mappingHelp: 'Says what the properties of a GeoJSON file stand for. Without it kinds are guessed, and that is said.', choose: 'Choose a file', cancel: 'Cancel', cancelled: 'Cancelled. Nothing was changed.', done: 'Imported', failed: 'Not imported', undo: 'Take back', undone: 'taken back', undoOf: (n: number) => `takes back import ${n}`,
    confirmUndo: 'Take this import back? What was believed before is restored.', previous: 'Earlier imports', none: 'None yet.', batch: (n: number) => `Import ${n}`, forbidden: 'Your role may not import.',
    change: { added: 'added', changed: 'changed', removed: 'removed', unchanged: 'unchanged' } as Record<string, string>,
    summary: { storeys: 'storeys', spaces: 'spaces', doors: 'doors', portals: 'doors and openings', stairs: 'stairs', lifts: 'lifts', exits: 'exits', claims: 'claims', findings: 'findings', entities: 'things', openings: 'openings', windows: 'windows', buildings: 'buildings', streets: 'streets', streetSegments: 'pieces of street', areas: 'land and water', addresses: 'addresses', entrances: 'entrances', nodes: 'nodes', ways: 'ways', relations: 'relations', buildingsWithInside: 'buildings with an inside' } as Record<string, string>,
    away: 'The node does not answer; import when it is back.', show: 'Show building',
    stage: { sending: 'sending', reading: 'reading', 'keeping the file': 'keeping the file', recording: 'recording' } as Record<string, string>,
  },
  route: {
    toExit: 'Way to an exit', toRoom: 'Way to another room', pickTarget: 'Now select the room to go to.', none: 'No way out is known from here. That does not mean there is none.',
    length: (m: string) => `${m} m`, probability: (p: string) => `passable ${p}`, probabilityKnown: (p: string) => `what is known of it is passable ${p}`, leastCertain: 'Least certain', usesUnknown: 'leads through places of which nothing is known', clear: 'Clear', away: 'The node does not answer; no way can be computed now.', steps: 'Steps', check: 'Check first',
    outside: 'outside', option: (n: number) => `Way ${n}`,
  },
  keys: {
    sources: 'sources in doubt', calibration: 'how well estimates hold', links: 'other organisations', find: 'find a building, street, address or room', map: 'map or plan', review: 'what waits for a decision', completeness: 'how completely the building is known',
    title: 'Keys', storeyUp: 'storey above', storeyDown: 'storey below', quantity: 'what to look at', pan: 'move the plan', zoom: 'closer, farther', fit: 'whole storey', next: 'next, previous room', nextDoor: 'next door', select: 'open the first “why”',
    findings: 'findings', imports: 'import', exit: 'way to an exit', theme: 'light or night', language: 'language', section: 'stairs and lifts', key: 'key of signs', close: 'close', help: 'this list', print: 'print',
  },
  print: {
    title: 'Situation sheet', status: 'Status', interval: 'Interval', age: 'Age', at: (t: string) => `Picture of ${t}`, by: (n: string) => `Printed by ${n}`, until: (t: string) => `Do not use after ${t}`, secret: 'Security-sensitive: contains a building plan. Destroy after use.',
  },
  error: { network: 'The node does not answer.', unexpected: 'The node gave an answer that could not be read.', forbidden: 'Your role does not allow this.' },
  links: linksEn,
  shares: sharesEn,
  find: findEn,
  map: mapEn,
  way: wayEn,
  completeness: completenessEn,
  same: sameEn,
  identity: identityEn,
  points: pointsEn,
  codes: codesEn,
};

export type Text = typeof en;
