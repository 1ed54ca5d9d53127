// Words about the map, ways through streets, completeness, and what people review: which
// things are the same, and which sensor stands where.

export const mapEn = {
  show: 'Map', title: 'Map', empty: 'Nothing is known of streets or buildings here. Import OpenStreetMap, CityJSON or GeoJSON data.', loading: 'Drawing the map…', credits: 'Sources', noCredit: 'no source stated', licenceUnknown: 'licence not stated',
  flat: 'Drawn simply: this browser has no WebGL 2.', failed: 'The map could not be read',
  placeUnknown: (name: string) => `Where ${name} stands is not known: its storeys cannot be drawn here.`, placed: (p: string) => `Stands here: ${p}`, placedUnsure: (p: string) => `Perhaps stands here: ${p}. Do not rely on it.`, whole: 'Whole area',
  inView: 'In view', buildings: (n: number) => (n === 1 ? '1 building' : `${n} buildings`), streets: (n: number) => (n === 1 ? '1 street' : `${n} streets`), unnamed: 'without a name', closer: 'Move closer to see buildings.',
  meaning: { walkable: 'street for people on foot', unknown: 'street of which nobody said whether one may walk there', barred: 'not for people on foot', house: 'building', inside: 'building whose inside is known here', water: 'water' },
  tapped: 'Point on the map', openPlan: 'Show its storeys', noPlan: 'There is no plan of it here.',
  kind: { street: 'street', building: 'building', area: 'land or water', portal: 'entrance', place: 'point' } as Record<string, string>,
};

export const wayEn = {
  toStreet: 'Way to a street or address', pickStreet: 'Now tap a street, a building or any point on the map, or search for an address.', from: (name: string) => `Way from here to ${name}`, to: (name: string) => `Way here from ${name}`, fromHere: 'Way from here to a room', pickRoom: 'Now select the room to go to.',
  along: (name: string, m: string) => `along ${name}, ${m} m`, alongUnknown: (name: string) => `along ${name}, length unknown`, unnamed: 'a street without a name', outdoors: (m: string) => `of it ${m} m outdoors`,
  anchor: (street: string, p: string, reason: string) => `meets ${street}: ${p}${reason ? `, because ${reason}` : ''}`, anchorUnknown: (street: string) => `how surely it meets ${street} is not known`, select: 'Select a room first.',
};

export const completenessEn = {
  withDoor: (n: number, of: number) => `${n} of ${of} rooms known to have a door`, noRooms: 'No rooms are known.', inferredRooms: (n: number) => (n === 1 ? '1 room only concluded from walls' : `${n} rooms only concluded from walls`), inferredPortals: (n: number) => (n === 1 ? '1 door only concluded' : `${n} doors only concluded`),
  unknownSide: (n: number) => (n === 1 ? '1 door leads nobody knows where' : `${n} doors lead nobody knows where`), withoutWidth: (n: number, of: number) => `${n} of ${of} doors without a known width`, withoutRating: (n: number, of: number) => `${n} of ${of} doors without a known fire rating`,
  linked: (n: number) => (n === 1 ? '1 way to another storey known' : `${n} ways to other storeys known`), linkInferred: 'a way to another storey only concluded', notLinked: 'no stair or lift to another storey is known', noExit: 'no exit is known', exits: (n: number) => (n === 1 ? '1 exit known' : `${n} exits known`),
  connected: (middle: string, worst: string, closed: string) => `leads out without lifts: the middle room ${middle}, the worst ${worst}, ${closed} if all that nobody knows is shut`, connectedUnknown: 'how surely its rooms lead out is unknown',
  help: 'What is not known here is not “none”. Concluded rooms and doors are drawn as inferred.', worstFirst: 'Worst first', asBuilt: 'By storey', failed: 'The completeness could not be read', noBuilding: 'No building is open.',
};

export const sameEn = {
  title: 'What sources say', silent: 'says nothing', sure: (p: string) => `the same: ${p}`, surenessUnknown: 'how surely the same is unknown', conflicts: (n: number) => (n === 1 ? '1 contradiction' : `${n} contradictions`), none: 'Nothing contradicts.', agree: 'agree', differ: 'contradict', attribute: 'Of', help: 'Each says its own; nothing is averaged.', this: 'this one', failed: 'What others say could not be read',
};

export const identityEn = {
  help: 'Twins from different sources that may be one and the same. A decision can be taken back: nothing is thrown together for good.', state: { open: 'to decide', confirmed: 'the same', disputed: 'not the same', all: 'all' } as Record<string, string>,
  sameWith: (p: string) => `the same: ${p}`, sameUnknown: 'nobody said how probable', name: 'Name', kind: 'Kind', because: (reason: string) => `Because ${reason}`, noReason: 'No reason was given.', confirm: 'Same', dispute: 'Not the same', split: 'Split again', reason: 'Why (optional)', byHand: 'decided by a person',
  confirmed: 'Recorded: they are the same.', disputed: 'Recorded: they are not the same.', none: 'Nothing to decide here.', mayNot: 'Only a steward or the owner may decide.', failed: 'The list could not be read', more: 'More', shown: (n: number) => `${n} shown`,
};

export const pointsEn = {
  help: 'Which room and quantity each topic or point is taken for. A suggestion counts for nothing until somebody confirms it.', state: { unmapped: 'place unknown', suggested: 'suggested', confirmed: 'confirmed', ignored: 'left out', all: 'all' } as Record<string, string>,
  placeUnknown: 'place unknown', attributeUnknown: 'quantity unknown', neverSpoke: 'never said anything', withheld: 'what it said is withheld from you', retained: 'said at an unknown time', alarmSince: (age: string) => `since ${age}`, last: (value: string, age: string) => `last ${value}, ${age}`, sure: (p: string) => `sure ${p}`, noReason: 'no rule fits',
  confirm: 'Confirm', ignore: 'Leave out', edit: 'Change…', place: 'Room, by name or id', noSuchPlace: 'There is no such place in this building, or there are several: add the storey, or give the id.', useSelected: (name: string) => `Use ${name}`, attribute: 'Quantity', unit: 'Unit (UCUM)', save: 'Confirm this', choose: 'choose', confirmSure: (n: number, p: string) => `Confirm the ${n} that are at least ${p} sure`, confirmPicked: (n: number) => `Confirm the ${n} chosen`, ignorePicked: (n: number) => `Leave the ${n} chosen out`, pick: (name: string) => `Choose ${name}`,
  done: (n: number) => (n === 1 ? '1 point recorded.' : `${n} points recorded.`), none: 'No points here.', mayNot: 'Only a steward or the owner may decide.', failed: 'The points could not be read', more: 'More', download: 'Save as CSV', upload: 'Read a CSV', uploaded: (n: number) => (n === 1 ? '1 point read from the file.' : `${n} points read from the file.`), filter: 'Filter', shown: (n: number, of: number) => `${n} of ${of} shown`,
  nowhere: (n: number) => (n === 1 ? '1 alarm, location unknown' : `${n} alarms, location unknown`), nowhereSaid: (names: string) => `Alarm, location unknown: ${names}`, alarm: 'ALARM', locationUnknown: 'location unknown', again: 'Suggest again', suggested: (n: number) => (n === 1 ? '1 suggestion is new.' : `${n} suggestions are new.`), troubles: (n: number) => (n === 1 ? '1 line could not be used' : `${n} lines could not be used`), review: 'Find its place',
};
