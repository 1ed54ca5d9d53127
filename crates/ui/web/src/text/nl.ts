import { codesNl } from './codes.ts';
import { findNl, linksNl, sharesNl } from './linkNl.ts';
import type { Text } from './en.ts';

/** Every word on the page, in Dutch. */
export const nl: Text = {
  locale: 'nl-NL',
  language: 'Nederlands',
  yes: 'ja',
  and: 'en',
  alarm: (where) => `Alarm: ${where}`,
  no: 'nee',
  age: { s: 's', min: 'min', h: 'u', d: 'd' },
  ago: (age) => `${age} geleden`,
  earlier: (age) => `${age} ervoor`,
  ageUnknown: 'leeftijd onbekend',
  look: {
    observed: 'waargenomen', old: 'waargenomen, maar oud', inferred: 'afgeleid', unknown: 'onbekend', predicted: 'voorspeld',
    assumed: 'aangenomen', conflicting: 'tegenstrijdig', absent: 'zeker afwezig', withheld: 'voor u afgeschermd', notApplicable: 'niet van toepassing',
  },
  lookShort: {
    observed: 'waargenomen', old: 'oud', inferred: 'afgeleid', unknown: 'onbekend', predicted: 'voorspeld',
    assumed: 'aangenomen', conflicting: 'tegenspraak', absent: 'afwezig', withheld: 'afgeschermd', notApplicable: 'n.v.t.',
  },
  lookMeaning: {
    observed: 'nu gezien door een sensor of een mens', old: 'gezien, maar te lang geleden om op te bouwen', inferred: 'afgeleid uit andere gegevens',
    unknown: 'niemand heeft iets bruikbaars gezegd; dat is niet hetzelfde als veilig', predicted: 'voor een tijd die nog komt', assumed: 'alleen wat voor zoiets gewoon is',
    conflicting: 'bronnen spreken elkaar tegen', absent: 'zeker niet aanwezig', withheld: 'u mag dit niet zien; het kan bekend zijn of niet',
    notApplicable: 'heeft hier geen betekenis',
  },
  status: {
    observed: 'waargenomen', fused: 'door meerdere waargenomen', inferred: 'afgeleid', predicted: 'voorspeld', assumed: 'aangenomen', stale: 'oud',
    conflicting: 'tegenstrijdig', unknown: 'onbekend', absent: 'afwezig', withheld: 'afgeschermd', notApplicable: 'niet van toepassing',
  },
  state: { motion: { yes: 'beweging', no: 'stil' }, undecided: 'onbeslist', smoke: { yes: 'ROOK', no: 'vrij' }, open: { yes: 'open', no: 'dicht' }, plain: { yes: 'ja', no: 'nee' } },
  passages: (n, from, to) => (n === 0 ? 'niemand, of evenveel beide kanten op' : `${n} van ${from ?? 'buiten'} naar ${to ?? 'buiten'}`),
  shape: { polygon: 'omtrek', line: 'lijn tussen de stijlen' },
  quantity: { temperature: 'Temperatuur', co2: 'CO₂', humidity: 'Vocht', occupancy: 'Mensen', smoke: 'Rook', open: 'Deuren open', existence: 'Bouw' },
  attribute: {
    temperature: 'Temperatuur', co2: 'CO₂', humidity: 'Vochtigheid', occupancy: 'Mensen', smoke: 'Rook', motion: 'Beweging', phones: 'Telefoons gezien', ventilation: 'Verse lucht', passages: 'Mensen erdoor', serviceState: 'Bedrijf', open: 'Staat open', existence: 'Is er',
    passable: 'Begaanbaar', name: 'Naam', longName: 'Omschrijving', usage: 'Gebruik', area: 'Vloeroppervlak', height: 'Hoogte', width: 'Breedte', floorElevation: 'Vloerhoogte',
    elevation: 'Vloerhoogte', fireExit: 'Nooduitgang', isExternal: 'Leidt naar buiten', fireRating: 'Brandwerendheid', smokeStop: 'Rookwerend', selfClosing: 'Zelfsluitend',
    accessible: 'Rolstoeltoegankelijk', portalKind: 'Soort opening', connects: 'Verbindt', partOf: 'Deel van', position: 'Plaats', footprint: 'Omtrek', span: 'Stijlen',
    type: 'Soort ding', address: 'Adres', sitePosition: 'Plaats', identifies: 'Is hetzelfde als',
  },
  usage: {
    room: 'kamer', corridor: 'gang', lobby: 'hal', stair: 'trap', lift: 'lift', shaft: 'schacht', plant: 'technische ruimte', sanitary: 'sanitair', roof: 'dak', outside: 'buiten',
    door: 'deur', opening: 'opening', openContact: 'open verbinding', stairLink: 'trap', liftDoor: 'liftdeur',
  },
  service: { inService: 'in bedrijf', fireService: 'brandweerbedrijf', outOfService: 'buiten bedrijf' },
  flag: {
    stale: 'oud', conflicting: 'tegenstrijdig', faultySource: 'een bron is mogelijk defect', withheld: 'afgeschermd', late: 'met laat binnengekomen gegevens',
    outOfRange: 'een onwaarschijnlijke waarde telde niet mee', simulated: 'GESIMULEERD', drill: 'OEFENING', quarantined: 'een bron is terzijde gezet', widened: 'ruimer gegeven: schattingen van deze soort waren te zeker', clockSkew: 'de klok van een bron loopt verkeerd',
  },
  doubt: { title: 'een bron is twijfelachtig', meaning: 'iemand of iets dat over deze plek vertelt zit er misschien naast; het weegt minder en staat onder “waarom”' },
  connection: {
    connecting: 'verbinden', live: 'live', reconnecting: 'opnieuw verbinden', since: (t) => `sinds ${t}`,
    lastCommon: (t) => `laatste gedeelde stand ${t}`, oldPicture: 'De node antwoordt niet. Dit is het laatste beeld; leeftijden tellen door.',
    queued: (n) => (n === 1 ? '1 waarneming wacht op verzending' : `${n} waarnemingen wachten op verzending`),
    readOnly: 'node is niet gereed',
    clockOff: (s) => `de klok van dit apparaat wijkt ${s} af`,
  },
  login: {
    title: 'Aanmelden', again: 'De node heeft uw sessie beëindigd, misschien door een herstart. Meld u opnieuw aan; tot dan is dit het laatste beeld.', name: 'Naam', password: 'Wachtwoord', submit: 'Aanmelden', logout: 'Afmelden',
    setupTitle: 'Eerste account aanmaken', setupHelp: 'De code is getoond waar deze node is gestart. Hij werkt één keer.', code: 'Code', setupSubmit: 'Account aanmaken',
    purpose: 'Toont wat er over een gebouw bekend is, hoe zeker en sinds wanneer. Het alarmeert, bedient en omroept nooit zelf.',
  },
  role: { owner: 'eigenaar', steward: 'beheerder', responder: 'hulpverlener', viewer: 'lezer', source: 'bron' },
  nav: {
    building: 'Gebouw', storeys: 'Bouwlagen', section: 'Trappen en liften', plan: 'Plattegrond', quantity: 'Waarnaar kijken', details: 'Details', findings: 'Bevindingen', imports: 'Import', route: 'Route',
    sources: 'Bronnen', calibration: 'Kalibratie', links: 'Verbindingen', find: 'Zoeken',
    help: 'Toetsen', theme: 'Thema', night: 'Nacht', light: 'Licht', language: 'English', close: 'Sluiten', key: 'Legenda', zoomIn: 'Inzoomen', zoomOut: 'Uitzoomen', fit: 'Hele bouwlaag', print: 'Afdrukken',
  },
  storey: {
    unnamed: 'bouwlaag zonder naam', unknownShare: (n, of) => `${n} van ${of} ruimten onbekend`, oldShare: (n) => `${n} oud`, alarmShare: (n) => `${n} alarmerend`, inferredShare: (n) => `${n} afgeleid`, doubtfulShare: (n) => `${n} met een twijfelachtige bron`,
    noSpaces: 'Hier zijn geen ruimten bekend. Hoe deze bouwlaag is ingedeeld, is onbekend.', noPlan: 'De plattegrond van deze bouwlaag is er nog niet.', unplaced: 'Zonder bekende plaats op de plattegrond', withheldPlan: 'De plattegrond is voor u afgeschermd',
    vertical: 'verticale verbinding onbekend', verticalDoubtful: 'verticale verbinding twijfelachtig',
    stop: (usage, storey) => `${usage} op ${storey}`,
  },
  empty: { title: 'Nog geen gebouw', help: 'Importeer een IFC-bestand om te beginnen.' },
  detail: {
    nothing: 'Kies een ruimte of deur om te zien wat erover bekend is.', live: 'Nu', facts: 'Feiten', verbatim: 'Zoals opgeschreven', why: 'Waarom?', hideWhy: 'Verberg',
    space: 'Ruimte', portal: 'Deur of opening', storey: 'Bouwlaag', building: 'Gebouw', nothingSaid: 'Hierover heeft niemand iets gezegd.',
    withheld: 'U mag dit niet zien. Het kan bekend zijn of niet.', alternatives: 'Bronnen zijn het oneens', doors: 'Deuren en openingen', unnamed: 'zonder naam',
    sources: (n) => (n === 1 ? '1 bron' : `${n} bronnen`), thing: 'Ding',
  },
  why: {
    contributions: 'Wie dit zegt', claims: 'Uitspraken', readings: (n) => (n === 1 ? '1 uitspraak' : `${n} uitspraken`),
    changes: 'Wat dit het meest zou veranderen', aReading: 'Eén verse meting van een gewone sensor', without: (source) => `Zonder ${source}`, insteadOf: (then, now) => `${then} in plaats van ${now}`,
    mark: { late: 'kwam laat', twice: 'dubbel gezegd', aged: 'oud' },
    loading: 'De node wordt gevraagd…', away: 'De node antwoordt niet; de uitspraken zijn nu niet te lezen.', source: 'Bron', value: 'Waarde', observed: 'Waargenomen', recorded: 'Vastgelegd', weight: 'Gewicht',
    none: 'Hier staat geen uitspraak achter.', set: 'weegt niet mee', meaning: 'Betekenis', staleAfter: (age) => `telt als oud na ${age}`, retracted: 'ingetrokken', saidUnknown: 'gezegd: onbekend', saidAbsent: 'gezegd: afwezig', saidNa: 'gezegd: niet van toepassing',
    failed: 'De uitspraken waren niet te lezen', more: (n) => `${n} oudere uitspraken niet getoond`, verbatim: 'Per bron bewaard, nooit tegen elkaar gewogen.',
  },
  moment: {
    another: 'Andere tijd…', backToNow: 'Terug naar nu', at: 'Zoals het was om', knownAt: 'Zoals bekend om', now: 'nu', asWas: (t) => `Zoals het was om ${t}`, asWillBe: (t) => `Zoals het kan zijn om ${t}`, asKnown: (t) => `zoals bekend om ${t}`,
    step: (min) => (min < 0 ? `${-min} min geleden` : `over ${min} min`), help: 'Leeg betekent nu. “Zoals bekend om” laat weg wat de node later hoorde.', frozen: 'Een vaste tijd: volgt het nieuws niet.',
  },
  claim: {
    title: 'Ik zie', passable: 'begaanbaar', blocked: 'versperd', smoke: 'rook', noSmoke: 'geen rook', open: 'staat open', closed: 'is dicht', people: 'Mensen', count: 'Aantal', send: 'Vastleggen',
    sureness: 'Hoe zeker', certain: 'zeker', fairly: 'vrij zeker', recorded: 'Vastgelegd op uw naam.', kept: 'Hier bewaard; wordt verzonden zodra de node antwoordt.', refused: 'Niet aanvaard', badCount: 'Een heel aantal mensen, graag.',
  },
  whatIf: {
    open: 'Wat als…', close: 'Stop met veronderstellen', what: 'Wat te veronderstellen', suppose: 'Veronderstel', title: 'VERONDERSTELD.', nothingRecorded: 'Hiervan is niets vastgelegd.', noChange: 'Er zou niets veranderen.',
    insteadOf: (now) => `in plaats van ${now}`, badNumber: 'Een getal, graag.',
  },
  findings: {
    filter: 'Filter', all: 'alle', none: 'Niets gevonden.', jump: 'Toon plaats', severity: { error: 'fout', warning: 'waarschuwing', note: 'opmerking' }, line: (n) => `regel ${n}`,
    shown: (n, of) => `${n} van ${of}`, away: 'De bevindingen waren niet te lezen', code: 'Code',
  },
  sources: {
    state: { ok: 'in orde', stuck: 'vastgelopen', drifting: 'verloopt', noisy: 'onrustig', silent: 'zwijgt' },
    states: 'Toestand', doubtful: 'in twijfel', doubtfulTitle: 'Twijfelachtige bronnen', since: (age) => `al ${age}`, suspected: (p) => `twijfel ${p}`, tooHigh: (by) => `meet ${by} te hoog`, tooLow: (by) => `meet ${by} te laag`,
    scatters: (times) => `spreidt ${times} × wat hij opgeeft`, clockAhead: (by) => `zijn klok loopt ${by} voor`, clockBehind: (by) => `zijn klok loopt ${by} achter`, readings: (n) => (n === 1 ? '1 meting' : `${n} metingen`),
    mayNot: 'Alleen een beheerder of de eigenaar mag een bron terzijde zetten.', setAside: 'Terzijde zetten…', setAsideTitle: 'Terzijde gezet', isSetAside: 'terzijde', setAsideNow: (name) => `Zet ${name} terzijde`, reason: 'Reden',
    setAsideHelp: 'Wat deze bron zei gaat uit elke schatting, en wat hij voortaan zegt wordt bewaard maar niet gewogen. Hij kan weer worden vrijgegeven.',
    recomputing: 'Schattingen worden opnieuw berekend; tot dan bevatten sommige de bron nog.',
    release: 'Vrijgeven', wasSetAside: (name) => `${name} is terzijde gezet.`, wasReleased: (name) => `${name} is vrijgegeven.`, noneDoubtful: 'Geen enkele bron is twijfelachtig.', failed: 'De bronnen waren niet te lezen',
  },
  calibration: {
    help: 'Elke meting wordt eerst gelegd naast wat de node zonder haar zou hebben gezegd. Een schatting die 90 % zegt, hoort 90 van de 100 keer te kloppen. De balken tonen waar de waarheid viel in wat was gezegd: vlak is goed, hoorns aan de einden zijn te zeker, een bult in het midden is te onzeker.',
    holds: (p) => `Zegt 90 %, klopt ${p}`, wider: (times) => `, daarom ${times} × ruimer gegeven`, verdict: { calibrated: 'zo zeker als gezegd', tooSure: 'te zeker', tooUnsure: 'ruimer dan nodig' },
    tooFew: (n) => (n === 1 ? 'Pas één keer getoetst: te weinig voor een oordeel.' : `Pas ${n} keer getoetst: te weinig voor een oordeel.`), neverTried: 'Nog niet getoetst.', validatedOn: (what) => `Getoetst aan gegevens van buiten: ${what}.`, neverOutside: 'Nooit getoetst aan gegevens van buiten.',
    coverage: (says, holds) => `zegt ${says}, klopt ${holds}`, pit: (within, of) => `${within} van ${of} balken binnen wat toeval toelaat`,
    checks: (n) => (n === 1 ? '1 toets' : `${n} toetsen`), crps: 'gemiddelde score (CRPS)', logScore: 'logscore', brier: 'Brierscore', perSource: 'Per bron', holds90: '90 % klopt', foreseen: 'voorzien', reliability: (foreseen, said, n) => `voorzien ${foreseen}, was zo ${said} (${n})`, hit: 'raak', falseAlarm: 'vals alarm', failed: 'De scores waren niet te lezen',
  },
  imports: {
    drop: 'Sleep een IFC-bestand hierheen', choose: 'Kies een bestand', cancel: 'Afbreken', cancelled: 'Afgebroken. Er is niets veranderd.', done: 'Geïmporteerd', failed: 'Niet geïmporteerd', undo: 'Terugnemen', undone: 'teruggenomen', undoOf: (n) => `neemt import ${n} terug`,
    confirmUndo: 'Deze import terugnemen? Wat eerder werd aangenomen, wordt hersteld.', previous: 'Eerdere imports', none: 'Nog geen.', batch: (n) => `Import ${n}`, forbidden: 'Uw rol mag niet importeren.',
    change: { added: 'toegevoegd', changed: 'gewijzigd', removed: 'verwijderd', unchanged: 'ongewijzigd' },
    summary: { storeys: 'bouwlagen', spaces: 'ruimten', doors: 'deuren', portals: 'deuren en openingen', stairs: 'trappen', lifts: 'liften', exits: 'uitgangen', claims: 'uitspraken', findings: 'bevindingen', entities: 'dingen', openings: 'openingen', windows: 'ramen', buildings: 'gebouwen' },
    away: 'De node antwoordt niet; importeer wanneer hij terug is.', show: 'Toon gebouw',
    stage: { sending: 'verzenden', reading: 'lezen', 'keeping the file': 'bestand bewaren', recording: 'vastleggen' },
  },
  route: {
    toExit: 'Weg naar een uitgang', toRoom: 'Weg naar een andere ruimte', pickTarget: 'Kies nu de ruimte waar u heen wilt.', none: 'Van hier is geen weg naar buiten bekend. Dat wil niet zeggen dat er geen is.',
    length: (m) => `${m} m`, probability: (p) => `begaanbaar ${p}`, probabilityKnown: (p) => `wat ervan bekend is, is begaanbaar ${p}`, leastCertain: 'Minst zeker', usesUnknown: 'leidt door plaatsen waarvan niets bekend is', clear: 'Wissen', away: 'De node antwoordt niet; nu is geen weg te berekenen.', steps: 'Stappen', check: 'Eerst controleren',
    outside: 'buiten', option: (n) => `Weg ${n}`,
  },
  keys: {
    sources: 'twijfelachtige bronnen', calibration: 'hoe goed schattingen kloppen', links: 'andere organisaties', find: 'een gebouw zoeken',
    title: 'Toetsen', storeyUp: 'bouwlaag hoger', storeyDown: 'bouwlaag lager', quantity: 'waarnaar kijken', pan: 'plattegrond schuiven', zoom: 'dichterbij, verder weg', fit: 'hele bouwlaag', next: 'volgende, vorige ruimte', nextDoor: 'volgende deur', select: 'open de eerste “waarom”',
    findings: 'bevindingen', imports: 'import', exit: 'weg naar een uitgang', theme: 'licht of nacht', language: 'taal', section: 'trappen en liften', key: 'legenda', close: 'sluiten', help: 'deze lijst', print: 'afdrukken',
  },
  print: {
    title: 'Situatieblad', status: 'Status', interval: 'Interval', age: 'Leeftijd', at: (t) => `Beeld van ${t}`, by: (n) => `Afgedrukt door ${n}`, until: (t) => `Niet gebruiken na ${t}`, secret: 'Veiligheidsgevoelig: bevat een plattegrond. Vernietigen na gebruik.',
  },
  error: { network: 'De node antwoordt niet.', unexpected: 'De node gaf een onleesbaar antwoord.', forbidden: 'Uw rol staat dit niet toe.' },
  links: linksNl,
  shares: sharesNl,
  find: findNl,
  codes: codesNl,
};
