// What each finding code means and what to do, in a sentence or two. The list is closed
// in `twin-model`; a test of `twin-ui` holds the two together.

export const codesEn: Record<string, string> = {
  'IFC-001': 'The file is empty or is not a STEP file. Export it again as IFC (STEP).',
  'IFC-002': 'The file ends before its end mark; the rest is missing. Fetch or export it again.',
  'IFC-003': 'One line of the file could not be read; it was skipped.',
  'IFC-004': 'The schema is not IFC 2x3, 4 or 4.3. What could be read was read.',
  'IFC-005': 'The file refers to something that is not in it.',
  'IFC-006': 'Parts of the file contain themselves; they were left out.',
  'IFC-007': 'The unit of length is missing or unlikely. Check the sizes on the plan.',
  'IFC-008': 'The same number or GlobalId stands for two things.',
  'IFC-009': 'A limit of size or depth was reached; the rest was not read.',
  'IFC-010': 'A shape could not be turned into a plan; the room has no outline.',
  'IFC-020': 'A filler text stands where a value should be. It counts as unknown.',
  'IFC-021': 'Two statements contradict each other or the drawing. Go and look.',
  'IFC-022': 'Something that should be stated is not. It counts as unknown.',
  'IFC-023': 'A door joins no two rooms that could be found. Routes do not use it.',
  'IFC-024': 'A room has no door, opening or contact. No route leads there.',
  'IFC-025': 'No stair, ramp or lift is known between two storeys. That is unknown, not absent.',
  'IFC-026': 'A storey has no rooms; how it is divided is unknown.',
  'IFC-027': 'The stated place on earth is a template value or unlikely.',
};

export const codesNl: Record<string, string> = {
  'IFC-001': 'Het bestand is leeg of geen STEP-bestand. Exporteer het opnieuw als IFC (STEP).',
  'IFC-002': 'Het bestand houdt op vóór het eindteken; de rest ontbreekt. Haal of exporteer het opnieuw.',
  'IFC-003': 'Een regel van het bestand was niet te lezen en is overgeslagen.',
  'IFC-004': 'Het schema is niet IFC 2x3, 4 of 4.3. Wat te lezen was, is gelezen.',
  'IFC-005': 'Het bestand verwijst naar iets dat er niet in staat.',
  'IFC-006': 'Delen van het bestand bevatten zichzelf; ze zijn weggelaten.',
  'IFC-007': 'De lengte-eenheid ontbreekt of is onwaarschijnlijk. Controleer de maten op de plattegrond.',
  'IFC-008': 'Hetzelfde nummer of dezelfde GlobalId staat voor twee dingen.',
  'IFC-009': 'Een grens van omvang of diepte is bereikt; de rest is niet gelezen.',
  'IFC-010': 'Een vorm was niet om te zetten in een plattegrond; de ruimte heeft geen omtrek.',
  'IFC-020': 'Er staat een opvultekst op de plaats van een waarde. Dat telt als onbekend.',
  'IFC-021': 'Twee uitspraken spreken elkaar of de tekening tegen. Ga kijken.',
  'IFC-022': 'Iets dat vermeld hoort te zijn, ontbreekt. Dat telt als onbekend.',
  'IFC-023': 'Een deur verbindt geen twee gevonden ruimten. Routes gebruiken hem niet.',
  'IFC-024': 'Een ruimte heeft geen deur, opening of contact. Er leidt geen route heen.',
  'IFC-025': 'Tussen twee bouwlagen is geen trap, helling of lift bekend. Dat is onbekend, niet afwezig.',
  'IFC-026': 'Een bouwlaag heeft geen ruimten; de indeling is onbekend.',
  'IFC-027': 'De vermelde plaats op aarde is een sjabloonwaarde of onwaarschijnlijk.',
};
