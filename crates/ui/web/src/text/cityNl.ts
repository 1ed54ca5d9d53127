// Woorden over de kaart, wegen over straat, volledigheid, en wat mensen nakijken.

import type { completenessEn, identityEn, mapEn, pointsEn, sameEn, wayEn } from './cityEn.ts';

export const mapNl: typeof mapEn = {
  show: 'Kaart', showPlan: 'Plattegrond', title: 'Kaart', empty: 'Van straten of gebouwen is hier niets bekend. Importeer gegevens van OpenStreetMap, CityJSON of GeoJSON.', loading: 'De kaart wordt getekend…', credits: 'Bronnen', noCredit: 'geen bron genoemd', licenceUnknown: 'licentie niet genoemd',
  noWebgl: 'Deze browser kan de kaart niet tekenen (er is geen WebGL 2). Plattegrond, zoeken en routes werken gewoon.', failed: 'De kaart kon niet worden gelezen',
  placeUnknown: (name) => `Waar ${name} staat, is niet bekend: de bouwlagen kunnen hier niet worden getekend.`, placed: (p) => `Staat hier: ${p}`, placedUnsure: (p) => `Staat hier misschien: ${p}. Vertrouw er niet op.`, toBuilding: 'Naar het gebouw', whole: 'Hele gebied',
  inView: 'In beeld', buildings: (n) => (n === 1 ? '1 gebouw' : `${n} gebouwen`), streets: (n) => (n === 1 ? '1 straat' : `${n} straten`), unnamed: 'zonder naam', closer: 'Ga dichterbij om gebouwen te zien.',
  own: 'van deze organisatie', notWalkable: 'niet voor voetgangers', tapped: 'Punt op de kaart', openPlan: 'Toon de bouwlagen', noPlan: 'Hiervan is hier geen plattegrond.', heightUnknown: 'hoogte onbekend',
  kind: { street: 'straat', building: 'gebouw', area: 'land of water', portal: 'ingang', place: 'punt' },
};

export const wayNl: typeof wayEn = {
  toStreet: 'Weg naar een straat of adres', pickStreet: 'Tik nu een straat, een gebouw of een punt op de kaart aan, of zoek een adres.', from: (name) => `Weg van hier naar ${name}`, to: (name) => `Weg hierheen vanaf ${name}`, fromHere: 'Weg van hier naar een ruimte', pickRoom: 'Kies nu de ruimte waar het heen gaat.',
  street: 'straat', along: (name, m) => `langs ${name}, ${m} m`, alongUnknown: (name) => `langs ${name}, lengte onbekend`, unnamed: 'een straat zonder naam', outdoors: (m) => `waarvan ${m} m buiten`,
  anchor: (p, reason) => `Deze uitgang komt op deze straat uit: ${p}${reason ? `, want ${reason}` : ''}`, anchorUnknown: 'Hoe zeker deze uitgang op deze straat uitkomt, is niet bekend.', notDrawn: 'Een deel van de weg kan niet worden getekend: plaatsen ontbreken.', select: 'Kies eerst een ruimte.',
};

export const completenessNl: typeof completenessEn = {
  title: 'Volledigheid', withDoor: (n, of) => `van ${n} van ${of} ruimten is een deur bekend`, noSpaces: 'Er zijn geen ruimten bekend.', inferredSpaces: (n) => (n === 1 ? '1 ruimte alleen uit muren afgeleid' : `${n} ruimten alleen uit muren afgeleid`), inferredPortals: (n) => (n === 1 ? '1 deur alleen afgeleid' : `${n} deuren alleen afgeleid`),
  unknownSide: (n) => (n === 1 ? '1 deur leidt naar niemand weet waar' : `${n} deuren leiden naar niemand weet waar`), notLinked: 'er is geen trap of lift naar de laag erboven bekend', linkUnknown: 'of een trap of lift naar boven leidt, is onbekend', connected: (middle, worst) => `verbonden met een uitgang: de helft van de ruimten minstens ${middle}, de slechtste ${worst}`, connectedUnknown: 'hoe zeker ruimten met een uitgang zijn verbonden, is onbekend',
  help: 'Wat hier niet bekend is, is niet ‘geen’. Afgeleide ruimten en deuren zijn als afgeleid getekend.', worstFirst: 'Slechtste eerst', asBuilt: 'Per bouwlaag', failed: 'De volledigheid kon niet worden gelezen', noBuilding: 'Er is geen gebouw geopend.',
};

export const sameNl: typeof sameEn = {
  title: 'Wat bronnen zeggen', twins: 'Verteld door', silent: 'zegt niets', sure: (p) => `hetzelfde: ${p}`, surenessUnknown: 'hoe zeker hetzelfde is onbekend', conflicts: (n) => (n === 1 ? '1 tegenspraak' : `${n} tegenspraken`), none: 'Niets spreekt elkaar tegen.', agree: 'zijn het eens', differ: 'spreken elkaar tegen', attribute: 'Van', help: 'Elk zegt het zijne; er wordt niets gemiddeld.', this: 'deze', failed: 'Wat anderen zeggen, kon niet worden gelezen',
};

export const identityNl: typeof identityEn = {
  title: 'Zelfde dingen', help: 'Tweelingen uit verschillende bronnen die een en hetzelfde kunnen zijn. Een besluit kan worden teruggenomen: niets wordt voorgoed samengevoegd.', state: { open: 'te beslissen', confirmed: 'hetzelfde', disputed: 'niet hetzelfde', all: 'alle' },
  sameWith: (p) => `hetzelfde: ${p}`, sameUnknown: 'niemand zei hoe waarschijnlijk', name: 'Naam', kind: 'Soort', one: 'Eén', other: 'Ander', because: (reason) => `Want ${reason}`, noReason: 'Er is geen reden gegeven.', confirm: 'Hetzelfde', dispute: 'Niet hetzelfde', split: 'Weer splitsen', reason: 'Waarom (mag leeg)', byHand: 'door een mens beslist',
  confirmed: 'Vastgelegd: ze zijn hetzelfde.', disputed: 'Vastgelegd: ze zijn niet hetzelfde.', none: 'Hier valt niets te beslissen.', mayNot: 'Alleen een beheerder of de eigenaar mag beslissen.', failed: 'De lijst kon niet worden gelezen', more: 'Meer', differ: 'verschillen', shown: (n) => `${n} getoond`,
};

export const pointsNl: typeof pointsEn = {
  title: 'Sensorpunten', help: 'Voor welke ruimte en grootheid elk onderwerp of punt wordt gehouden. Een voorstel telt niet tot iemand het bevestigt.', state: { unmapped: 'plaats onbekend', suggested: 'voorgesteld', confirmed: 'bevestigd', ignored: 'weggelaten', all: 'alle' },
  placeUnknown: 'plaats onbekend', attributeUnknown: 'grootheid onbekend', neverSpoke: 'heeft nooit iets gezegd', messages: (n) => (n === 1 ? '1 bericht' : `${n} berichten`), last: (value, age) => `laatst ${value}, ${age}`, sure: (p) => `zeker ${p}`, noReason: 'geen regel past',
  confirm: 'Bevestigen', ignore: 'Weglaten', edit: 'Wijzigen…', place: 'Ruimte of deur (id)', useSelected: (name) => `Neem ${name}`, attribute: 'Grootheid', unit: 'Eenheid (UCUM)', save: 'Dit bevestigen', choose: 'kies', confirmSure: (n, p) => `Bevestig de ${n} die minstens ${p} zeker zijn`, confirmPicked: (n) => `Bevestig de ${n} gekozen`, ignorePicked: (n) => `Laat de ${n} gekozen weg`, pick: (name) => `Kies ${name}`,
  done: (n) => (n === 1 ? '1 punt vastgelegd.' : `${n} punten vastgelegd.`), none: 'Hier zijn geen punten.', mayNot: 'Alleen een beheerder of de eigenaar mag beslissen.', failed: 'De punten konden niet worden gelezen', more: 'Meer', download: 'Bewaren als CSV', upload: 'Een CSV lezen', uploaded: (n) => (n === 1 ? '1 punt uit het bestand gelezen.' : `${n} punten uit het bestand gelezen.`), filter: 'Filter', shown: (n, of) => `${n} van ${of} getoond`,
  nowhere: (n) => (n === 1 ? '1 alarm, plaats onbekend' : `${n} alarmen, plaats onbekend`), nowhereSaid: (names) => `Alarm, plaats onbekend: ${names}`, locationUnknown: 'plaats onbekend', review: 'Zoek de plaats',
};
