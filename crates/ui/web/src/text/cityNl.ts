// Woorden over de kaart, wegen over straat, volledigheid, en wat mensen nakijken.

import type { completenessEn, identityEn, mapEn, pointsEn, sameEn, wayEn } from './cityEn.ts';

export const mapNl: typeof mapEn = {
  show: 'Kaart', title: 'Kaart', empty: 'Van straten of gebouwen is hier niets bekend. Importeer gegevens van OpenStreetMap, CityJSON of GeoJSON.', loading: 'De kaart wordt getekend…', credits: 'Bronnen', noCredit: 'geen bron genoemd', licenceUnknown: 'licentie niet genoemd',
  flat: 'Eenvoudig getekend: deze browser heeft geen WebGL 2.', failed: 'De kaart kon niet worden gelezen',
  placeUnknown: (name) => `Waar ${name} staat, is niet bekend: de bouwlagen kunnen hier niet worden getekend.`, placed: (p) => `Staat hier: ${p}`, placedUnsure: (p) => `Staat hier misschien: ${p}. Vertrouw er niet op.`, whole: 'Hele gebied',
  inView: 'In beeld', buildings: (n) => (n === 1 ? '1 gebouw' : `${n} gebouwen`), streets: (n) => (n === 1 ? '1 straat' : `${n} straten`), unnamed: 'zonder naam', closer: 'Ga dichterbij om gebouwen te zien.',
  meaning: { walkable: 'straat voor voetgangers', unknown: 'straat waarvan niemand zei of men er mag lopen', barred: 'niet voor voetgangers', house: 'gebouw', inside: 'gebouw waarvan hier de binnenkant bekend is', water: 'water' },
  tapped: 'Punt op de kaart', openPlan: 'Toon de bouwlagen', noPlan: 'Hiervan is hier geen plattegrond.',
  kind: { street: 'straat', building: 'gebouw', area: 'land of water', portal: 'ingang', place: 'punt' },
};

export const wayNl: typeof wayEn = {
  toStreet: 'Weg naar een straat of adres', pickStreet: 'Tik nu een straat, een gebouw of een punt op de kaart aan, of zoek een adres.', from: (name) => `Weg van hier naar ${name}`, to: (name) => `Weg hierheen vanaf ${name}`, fromHere: 'Weg van hier naar een ruimte', pickRoom: 'Kies nu de ruimte waar het heen gaat.',
  along: (name, m) => `langs ${name}, ${m} m`, alongUnknown: (name) => `langs ${name}, lengte onbekend`, unnamed: 'een straat zonder naam', outdoors: (m) => `waarvan ${m} m buiten`,
  anchor: (street, p, reason) => `komt uit op ${street}: ${p}${reason ? `, want ${reason}` : ''}`, anchorUnknown: (street) => `hoe zeker die op ${street} uitkomt, is niet bekend`, select: 'Kies eerst een ruimte.',
};

export const completenessNl: typeof completenessEn = {
  withDoor: (n, of) => `van ${n} van ${of} ruimten is een deur bekend`, noRooms: 'Er zijn geen ruimten bekend.', inferredRooms: (n) => (n === 1 ? '1 ruimte alleen uit muren afgeleid' : `${n} ruimten alleen uit muren afgeleid`), inferredPortals: (n) => (n === 1 ? '1 deur alleen afgeleid' : `${n} deuren alleen afgeleid`),
  unknownSide: (n) => (n === 1 ? '1 deur leidt naar niemand weet waar' : `${n} deuren leiden naar niemand weet waar`), withoutWidth: (n, of) => `van ${n} van ${of} deuren is de breedte onbekend`, withoutRating: (n, of) => `van ${n} van ${of} deuren is de brandwerendheid onbekend`,
  linked: (n) => (n === 1 ? '1 weg naar een andere bouwlaag bekend' : `${n} wegen naar andere bouwlagen bekend`), linkInferred: 'een weg naar een andere bouwlaag alleen afgeleid', notLinked: 'er is geen trap of lift naar een andere bouwlaag bekend', noExit: 'er is geen uitgang bekend', exits: (n) => (n === 1 ? '1 uitgang bekend' : `${n} uitgangen bekend`),
  connected: (middle, worst, closed) => `leidt zonder lift naar buiten: de middelste ruimte ${middle}, de slechtste ${worst}, ${closed} als al het onbekende dicht is`, connectedUnknown: 'hoe zeker de ruimten naar buiten leiden, is onbekend',
  help: 'Wat hier niet bekend is, is niet ‘geen’. Afgeleide ruimten en deuren zijn als afgeleid getekend.', worstFirst: 'Slechtste eerst', asBuilt: 'Per bouwlaag', failed: 'De volledigheid kon niet worden gelezen', noBuilding: 'Er is geen gebouw geopend.',
};

export const sameNl: typeof sameEn = {
  title: 'Wat bronnen zeggen', silent: 'zegt niets', sure: (p) => `hetzelfde: ${p}`, surenessUnknown: 'hoe zeker hetzelfde is onbekend', conflicts: (n) => (n === 1 ? '1 tegenspraak' : `${n} tegenspraken`), none: 'Niets spreekt elkaar tegen.', agree: 'zijn het eens', differ: 'spreken elkaar tegen', attribute: 'Van', help: 'Elk zegt het zijne; er wordt niets gemiddeld.', this: 'deze', failed: 'Wat anderen zeggen, kon niet worden gelezen',
};

export const identityNl: typeof identityEn = {
  help: 'Tweelingen uit verschillende bronnen die een en hetzelfde kunnen zijn. Een besluit kan worden teruggenomen: niets wordt voorgoed samengevoegd.', state: { open: 'te beslissen', confirmed: 'hetzelfde', disputed: 'niet hetzelfde', all: 'alle' },
  sameWith: (p) => `hetzelfde: ${p}`, sameUnknown: 'niemand zei hoe waarschijnlijk', name: 'Naam', kind: 'Soort', because: (reason) => `Want ${reason}`, noReason: 'Er is geen reden gegeven.', confirm: 'Hetzelfde', dispute: 'Niet hetzelfde', split: 'Weer splitsen', reason: 'Waarom (mag leeg)', byHand: 'door een mens beslist',
  confirmed: 'Vastgelegd: ze zijn hetzelfde.', disputed: 'Vastgelegd: ze zijn niet hetzelfde.', none: 'Hier valt niets te beslissen.', mayNot: 'Alleen een beheerder of de eigenaar mag beslissen.', failed: 'De lijst kon niet worden gelezen', more: 'Meer', shown: (n) => `${n} getoond`,
};

export const pointsNl: typeof pointsEn = {
  help: 'Voor welke ruimte en grootheid elk onderwerp of punt wordt gehouden. Een voorstel telt niet tot iemand het bevestigt.', state: { unmapped: 'plaats onbekend', suggested: 'voorgesteld', confirmed: 'bevestigd', ignored: 'weggelaten', all: 'alle' },
  placeUnknown: 'plaats onbekend', attributeUnknown: 'grootheid onbekend', neverSpoke: 'heeft nooit iets gezegd', withheld: 'wat het zei is voor u afgeschermd', retained: 'gezegd op een onbekend tijdstip', alarmSince: (age) => `sinds ${age}`, last: (value, age) => `laatst ${value}, ${age}`, sure: (p) => `zeker ${p}`, noReason: 'geen regel past',
  confirm: 'Bevestigen', ignore: 'Weglaten', edit: 'Wijzigen…', place: 'Ruimte, met naam of id', noSuchPlace: 'Die plaats is er in dit gebouw niet, of er zijn er meer: noem de bouwlaag, of geef het id.', useSelected: (name) => `Neem ${name}`, attribute: 'Grootheid', unit: 'Eenheid (UCUM)', save: 'Dit bevestigen', choose: 'kies', confirmSure: (n, p) => `Bevestig de ${n} die minstens ${p} zeker zijn`, confirmPicked: (n) => `Bevestig de ${n} gekozen`, ignorePicked: (n) => `Laat de ${n} gekozen weg`, pick: (name) => `Kies ${name}`,
  done: (n) => (n === 1 ? '1 punt vastgelegd.' : `${n} punten vastgelegd.`), none: 'Hier zijn geen punten.', mayNot: 'Alleen een beheerder of de eigenaar mag beslissen.', failed: 'De punten konden niet worden gelezen', more: 'Meer', download: 'Bewaren als CSV', upload: 'Een CSV lezen', uploaded: (n) => (n === 1 ? '1 punt uit het bestand gelezen.' : `${n} punten uit het bestand gelezen.`), filter: 'Filter', shown: (n, of) => `${n} van ${of} getoond`,
  nowhere: (n) => (n === 1 ? '1 alarm, plaats onbekend' : `${n} alarmen, plaats onbekend`), nowhereSaid: (names) => `Alarm, plaats onbekend: ${names}`, alarm: 'ALARM', locationUnknown: 'plaats onbekend', again: 'Opnieuw voorstellen', suggested: (n) => (n === 1 ? '1 voorstel is nieuw.' : `${n} voorstellen zijn nieuw.`), troubles: (n) => (n === 1 ? '1 regel was onbruikbaar' : `${n} regels waren onbruikbaar`), review: 'Zoek de plaats',
};
