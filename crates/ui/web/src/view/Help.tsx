// The list of keys.

import { For, onMount, type JSX } from 'solid-js';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function Help(): JSX.Element {
  const ui = useUi();
  let close!: HTMLButtonElement;
  onMount(() => close.focus());
  const rows = (): [string, string][] => {
    const k = text().keys;
    return [
      ['↑  ↓', `${k.storeyUp}, ${k.storeyDown}`], ['1 – 7', k.quantity], ['W A S D', k.pan], ['+  −', k.zoom], ['0', k.fit], ['→  ←  N P', k.next], ['O', k.nextDoor],
      ['Y', k.select], ['E', k.exit], ['F', k.findings], ['I', k.imports], ['H', k.sources], ['C', k.calibration], ['M', k.links], ...(ui.city.map() ? [['G', k.map], ['B', k.completeness]] as [string, string][] : []), ...(ui.city.hasIdentities() || ui.city.hasPoints() ? [['R', k.review]] as [string, string][] : []), ['/', k.find], ['V', k.section], ['K', k.key], ['T', k.theme], ['L', k.language], ['X', k.print], ['Esc', k.close], ['?', k.help],
    ];
  };
  return (
    <div class="overlay" role="dialog" aria-modal="true" aria-label={text().keys.title} onClick={() => ui.setHelp(false)}>
      <div class="sheet" onClick={(e) => e.stopPropagation()}>
        <h2>{text().keys.title}</h2>
        <dl class="keys"><For each={rows()}>{([key, what]) => <><dt><kbd>{key}</kbd></dt><dd>{what}</dd></>}</For></dl>
        <button ref={close} type="button" class="primary" onClick={() => ui.setHelp(false)}>{text().nav.close}</button>
      </div>
    </div>
  );
}
