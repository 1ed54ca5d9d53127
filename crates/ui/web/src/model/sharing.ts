// What goes to whom: rules, and the sentence that says one before it is made. The node
// decides; the sentence is the node's own, told in the reader's language.

import type { Text } from '../text/en.ts';

export const KINDS = ['building', 'storey', 'space', 'portal', 'sensor', 'street', 'area', 'thing'] as const;

/** Who may be shown what, as in the node's catalogue: "everything" never means plans or
    people, these are named one by one. */
export const ATTRIBUTES = {
  harmless: ['name', 'type', 'address', 'sitePosition', 'identifies', 'smoke', 'temperature', 'co2', 'humidity', 'ventilation', 'outline', 'course', 'ends', 'streetKind', 'walkable', 'landUse', 'storeysAboveGround', 'storeysBelowGround', 'buildingHeight'],
  security: [
    'usage', 'longName', 'partOf', 'footprint', 'position', 'span', 'connects', 'portalKind', 'elevation', 'floorElevation', 'area', 'height', 'width', 'existence', 'open', 'passable', 'serviceState',
    'isExternal', 'fireExit', 'fireRating', 'smokeStop', 'selfClosing', 'accessible', 'planRotation', 'leadsTo', 'contact', 'point', 'observes',
  ],
  personal: ['occupancy', 'motion', 'phones', 'passages'],
} as const;
export type Delicacy = keyof typeof ATTRIBUTES;

/** What every member may know of a twin: that it exists, what it is, where. Never how it is. */
export const DIRECTORY = ['address', 'identifies', 'name', 'sitePosition', 'type'] as const;
export const TO_MEMBERS = 'members';

/** A rule to be made: `null` is all of them that are neither delicate nor personal. */
export interface NewRule {
  to: string;
  kinds: string[] | null;
  attributes: string[] | null;
  area: string | null;
  /** What was said before goes out too. */
  backfill: boolean;
  /** Over a narrow link a summary of each storey goes first. */
  summaries: boolean;
}

export interface ShareRule extends NewRule {
  id: number;
  toName: string;
  standing: boolean;
  /** How much of what was said before is out, 0 to 1. */
  backfilled: number;
  sentence: string;
}

/** A rule in words: `brigade gets smoke of rooms in the tower: what is said from now on.` */
export function sentence(rule: NewRule, toName: string, areaName: string | null, text: Text): string {
  const t = text.shares;
  const kinds = rule.kinds === null ? t.everything : list(rule.kinds.map((kind) => t.kinds[kind] ?? kind), text);
  const things = rule.area === null ? t.anywhere(kinds) : t.within(kinds, areaName ?? rule.area);
  const names = (attributes: readonly string[]) => list(attributes.map((name) => attributeWord(name, text)), text);
  const since = rule.backfill ? t.everSaid : t.fromNowOn;
  if (rule.to === TO_MEMBERS) return `${t.membersKnow(things, names(rule.attributes ?? DIRECTORY))}: ${since}.`;
  const what = rule.attributes === null ? t.harmless : names(rule.attributes);
  return [`${t.gets(toName, what, things)}: ${since}.`, ...(rule.summaries ? [t.storeysFirst] : []), ...warnings(rule, text)].join(' ');
}

/** In English the node's own words; in other languages the same rule told here. */
export function ruleText(rule: ShareRule, areaName: string | null, text: Text): string {
  if (rule.sentence && text.locale.startsWith('en')) return rule.sentence;
  return sentence(rule, rule.toName, areaName, text);
}

/** What a person should think twice about. */
function warnings(rule: NewRule, text: Text): string[] {
  const of = (delicacy: Delicacy) => (rule.attributes ?? []).filter((name) => delicacyOf(name) === delicacy);
  return (['security', 'personal'] as const).flatMap((delicacy) => {
    const named = of(delicacy);
    return named.length > 0 ? [text.shares.warning[delicacy](list(named.map((name) => attributeWord(name, text)), text))] : [];
  });
}

/** Of what is in no catalogue nothing is known, so it counts as delicate as a plan. */
export function delicacyOf(attribute: string): Delicacy {
  const name = attribute.replace(/^summary\./, '');
  const found = (Object.keys(ATTRIBUTES) as Delicacy[]).find((d) => (ATTRIBUTES[d] as readonly string[]).includes(name));
  return found ?? 'security';
}

export function attributeWord(name: string, text: Text): string {
  const word = text.shares.noun[name] ?? text.attribute[name];
  return word === undefined ? name : lowered(word);
}

/** Inside a sentence `smoke`, but still `CO₂`. */
function lowered(word: string): string {
  return /^\p{Lu}\p{Ll}/u.test(word) ? word.charAt(0).toLowerCase() + word.slice(1) : word;
}

function list(words: readonly string[], text: Text): string {
  if (words.length < 2) return words[0] ?? text.shares.nothing;
  return `${words.slice(0, -1).join(', ')} ${text.and} ${words.at(-1) as string}`;
}

/** Why a rule would be refused; `null` where it would not. */
export function ruleProblem(rule: NewRule, text: Text): string | null {
  const t = text.shares;
  if (rule.to === '') return t.needs.to;
  if (rule.to === TO_MEMBERS && rule.kinds === null) return t.needs.memberKinds;
  if (rule.kinds?.length === 0) return t.needs.kinds;
  return rule.attributes?.length === 0 ? t.needs.attributes : null;
}
