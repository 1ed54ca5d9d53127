// One thing told of by several sources: what they agree on and where they contradict each
// other. Nothing is averaged: each says its own.

import type { Estimate } from './api.ts';
import { percentText, toldText } from './words.ts';
import type { Text } from '../text/en.ts';

/** The twin asked about stands first. */
export interface Twinned { id: string; kind?: string | null; name?: string | null; address?: string | null; probability?: number | null }
export interface SameAttribute { name: string; values: { id: string; estimate: Estimate }[]; agree: boolean }
export interface Same { commit: number; twins: Twinned[]; attributes: SameAttribute[] }

/** What contradicts comes first; each group as the node ordered it. */
export function conflictsFirst(attributes: readonly SameAttribute[]): SameAttribute[] {
  return [...attributes.filter((a) => !a.agree), ...attributes.filter((a) => a.agree)];
}

/** What one twin says of an attribute; silence is not agreement. */
export function saidBy(attribute: SameAttribute, twin: string, text: Text): { words: string; isSilent: boolean } {
  const estimate = attribute.values.find((v) => v.id === twin)?.estimate;
  if (!estimate) return { words: text.same.silent, isSilent: true };
  return { words: toldText(estimate, attribute.name, text), isSilent: estimate.value === undefined };
}

export function sureness(twin: Twinned, text: Text): string {
  return typeof twin.probability === 'number' ? text.same.sure(percentText(twin.probability, text)) : text.same.surenessUnknown;
}

export function conflictCount(same: Same | undefined): number {
  return (same?.attributes ?? []).filter((a) => !a.agree).length;
}
