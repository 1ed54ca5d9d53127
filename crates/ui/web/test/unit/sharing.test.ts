import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTRIBUTES, delicacyOf, ruleProblem, ruleText, sentence, type NewRule } from '../../src/model/sharing.ts';
import { en } from '../../src/text/en.ts';
import { nl } from '../../src/text/nl.ts';

const RULE: NewRule = { to: 'ab', kinds: ['space'], attributes: ['smoke', 'temperature'], area: 'urn:tower', backfill: false, summaries: false };

test('a rule is one sentence', () => {
  const cases: [Partial<NewRule>, string | null, string, string][] = [
    [{}, 'the tower', 'brigade gets smoke and temperature of rooms in the tower: what is said from now on.', 'brigade krijgt rook en temperatuur van ruimten in the tower: wat vanaf nu wordt gezegd.'],
    [{ kinds: null, attributes: null, area: null, backfill: true }, null, 'brigade gets whatever is neither security-sensitive nor personal of everything anywhere: all that was ever said, and what will be.', 'brigade krijgt alles wat niet beveiligingsgevoelig of persoonlijk is van alles, waar dan ook: alles wat ooit is gezegd, en wat nog komt.'],
    [{ attributes: ['occupancy', 'open', 'co2'] }, null, 'brigade gets numbers of people, open doors and CO₂ of rooms in urn:tower: what is said from now on. This helps an intruder: open doors. This tells about people: numbers of people.', ''],
    [{ summaries: true }, 'T', 'brigade gets smoke and temperature of rooms in T: what is said from now on. Over a link too narrow for that, a summary of each storey goes first.', ''],
    [{ to: 'members', kinds: ['building'], attributes: null, area: null }, null, 'Every member may know of buildings anywhere and of their address, identity, name, place and sort of thing: what is said from now on.', ''],
  ];
  for (const [change, area, english, dutch] of cases) {
    assert.equal(sentence({ ...RULE, ...change }, 'brigade', area, en), english);
    if (dutch) assert.equal(sentence({ ...RULE, ...change }, 'brigade', area, nl), dutch);
  }
});

test('a rule that stands is told in the words of the node, or in those of the reader', () => {
  const rule = { ...RULE, id: 1, toName: 'brigade', standing: true, backfilled: 1, sentence: 'as the node says' };
  assert.equal(ruleText(rule, 'T', en), 'as the node says');
  assert.equal(ruleText({ ...rule, sentence: '' }, 'T', en), 'brigade gets smoke and temperature of rooms in T: what is said from now on.');
  assert.equal(ruleText(rule, 'T', nl), 'brigade krijgt rook en temperatuur van ruimten in T: wat vanaf nu wordt gezegd.');
});

test('a rule that would share nothing is not made', () => {
  const cases: [Partial<NewRule>, string | null][] = [
    [{}, null], [{ to: '' }, en.shares.needs.to], [{ kinds: [] }, en.shares.needs.kinds], [{ attributes: [] }, en.shares.needs.attributes], [{ kinds: null, attributes: null }, null],
    [{ to: 'members', kinds: null, attributes: null }, en.shares.needs.memberKinds],
  ];
  for (const [change, problem] of cases) assert.equal(ruleProblem({ ...RULE, ...change }, en), problem);
});

test('what is in no catalogue counts as a plan, a summary as what it sums up', () => {
  assert.deepEqual(['smoke', 'occupancy', 'summary.occupancy', 'colourOfTheDoorKnob', 'open'].map(delicacyOf), ['harmless', 'personal', 'personal', 'security', 'security']);
});

test('every attribute that can be shared has a word in both languages', () => {
  for (const name of Object.values(ATTRIBUTES).flat()) {
    for (const text of [en, nl]) assert.notEqual(text.attribute[name], undefined, name);
  }
});
