// One organisation: who it is, how one stands with it, what is missing on either side, and
// ending its membership.

import { createSignal, For, Show, type JSX } from 'solid-js';
import { ageSeconds, ageText } from '../model/age.ts';
import { isNarrow, isSilent, mayManagePeers, owed, owedText, speedOf, standingText, type Member } from '../model/members.ts';
import { numberText } from '../model/words.ts';
import { problemText } from './asked.ts';
import { clockOf, ContactSign } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

const KBIT_PER_BYTE = 8 / 1000;

export function MemberRow(props: { member: Member }): JSX.Element {
  const ui = useUi();
  const [asking, setAsking] = createSignal(false);
  const m = () => props.member;
  const standing = () => ui.organisations.standing(m());
  return (
    <li class="source-row member" classList={{ peer: m().isPeer }} data-member={m().name} data-contact={standing().state}>
      <p class="source-state"><ContactSign state={standing().state} /> <b>{m().title || m().name}</b> <code>{m().name}</code></p>
      <p class="contact-words">{standingText(standing(), clockOf(ui), text())}</p>
      <p class="source-facts">{facts(m()).join(' · ')}</p>
      <Show when={!m().isPeer}><p class="hint">{text().links.memberMeaning}</p></Show>
      <Show when={owed(m().contact).length > 0}>
        <ul class="owed" aria-label={text().links.owed}>
          <For each={owed(m().contact)}>{(c) => <li data-class={c.class} classList={{ missing: c.oursMissing + c.theirsMissing > 0 }}>{owedText(c, standing().state === 'inContact', text())}</li>}</For>
        </ul>
      </Show>
      <p class="fingerprint"><span>{text().links.fingerprint}</span> <code>{m().fingerprint}</code></p>
      <Show when={m().isPeer && mayManagePeers(ui.picture.session()?.role)}>
        <Show when={asking()} fallback={<button type="button" data-act="remove" onClick={() => setAsking(true)}>{text().links.remove}</button>}>
          <Removal member={m()} onEnd={() => setAsking(false)} />
        </Show>
      </Show>
    </li>
  );

  function facts(member: Member): string[] {
    const t = text().links;
    const now_ms = ui.picture.connection.now_ms();
    const heard_s = ageSeconds(member.contact?.lastHeard, now_ms);
    const heard = heard_s === null ? '' : ageText(heard_s, text().age);
    const speed = speedOf(member.contact);
    return [
      member.isPeer ? t.peer : member.admittedBy ? t.through(member.admittedBy) : t.throughOthers,
      member.revoked ? t.revoked : '',
      member.retired ? t.retired : '',
      member.removedUs ? t.removedUs(clockOf(ui)(member.removedUs)) : '',
      heard === '' ? t.neverHeard : isSilent(standing(), now_ms) ? t.silent(heard) : t.lastHeard(heard),
      isNarrow(member.contact) ? t.narrow : '',
      speed !== null ? t.speed(numberText(speed * KBIT_PER_BYTE, speed < 10_000 ? 1 : 0, text())) : '',
      ...(member.addresses ?? []),
    ].filter(Boolean);
  }
}

function Removal(props: { member: Member; onEnd: () => void }): JSX.Element {
  const ui = useUi();
  const [problem, setProblem] = createSignal('');
  const name = () => props.member.name;
  const remove = async () => {
    try {
      await ui.organisations.remove(props.member);
      ui.picture.announce(text().links.removed(name()));
      props.onEnd();
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <div class="set-aside-form" role="group" aria-label={text().links.removeNow(name())}>
      <p>{text().links.removeMeans(name())}</p>
      <p class="problem" role="alert">{problem()}</p>
      <div class="claim-buttons">
        <button type="button" class="danger" data-act="remove-now" onClick={() => void remove()}>{text().links.removeNow(name())}</button>
        <button type="button" onClick={() => props.onEnd()}>{text().imports.cancel}</button>
      </div>
    </div>
  );
}
