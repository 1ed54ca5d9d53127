// Letting another organisation join: a code that is shown once, and what became of earlier
// ones.

import { createSignal, For, Show, type JSX } from 'solid-js';
import type { Invitation, Invited } from '../model/members.ts';
import { createAsked, problemText } from './asked.ts';
import { clockOf } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function Invitations(): JSX.Element {
  const ui = useUi();
  const asked = createAsked<{ invitations: Invitation[] }>(() => '/v1/invitations');
  const [note, setNote] = createSignal('');
  const [invited, setInvited] = createSignal<Invited | null>(null);
  const [problem, setProblem] = createSignal('');
  const invite = async (event: Event) => {
    event.preventDefault();
    setProblem('');
    try {
      setInvited(await ui.organisations.change<Invited>('POST', '/v1/invitations', { note: note().trim() }));
      setNote('');
      asked.again();
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <>
      <h3>{text().links.invite}</h3>
      <Show when={invited()} fallback={
        <form class="set-aside-form" data-form="invite" onSubmit={(e) => void invite(e)}>
          <p class="hint">{text().links.inviteHelp}</p>
          <label>{text().links.inviteNote}<input name="note" required maxlength="100" autocomplete="off" value={note()} onInput={(e) => setNote(e.currentTarget.value)} /></label>
          <p class="problem" role="alert">{problem()}</p>
          <button type="submit">{text().links.makeInvitation}</button>
        </form>
      }>
        {(code) => <CodeShown invited={code()} onDone={() => setInvited(null)} />}
      </Show>
      <Show when={asked.error()}>{(e) => <p class="problem">{problemText(e())}</p>}</Show>
      <Show when={(asked.found()?.invitations.length ?? 0) > 0}>
        <details>
          <summary>{text().links.invitations} ({asked.found()?.invitations.length})</summary>
          <ul class="source-list"><For each={asked.found()?.invitations}>{(i) => <InvitationRow invitation={i} />}</For></ul>
        </details>
      </Show>
    </>
  );
}

/** Kept nowhere: once it is put away, nobody can read it again. */
function CodeShown(props: { invited: Invited; onDone: () => void }): JSX.Element {
  const ui = useUi();
  const [answer, setAnswer] = createSignal('');
  let field!: HTMLTextAreaElement;
  const copy = async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(props.invited.code);
      setAnswer(text().links.copied);
    } catch {
      setAnswer(text().links.copyFailed);
    }
  };
  return (
    <div class="set-aside-form" data-invited>
      <p><b>{text().links.codeOnce}</b></p>
      <textarea ref={field} class="code-shown" readonly rows="4" aria-label={text().links.code} value={props.invited.code} />
      <p class="fingerprint"><span>{text().links.fingerprint}</span> <code>{props.invited.fingerprint}</code></p>
      <p class="source-facts">{text().links.expires(clockOf(ui)(props.invited.expires))}</p>
      <div class="claim-buttons">
        <button type="button" class="primary" data-act="copy" onClick={() => void copy()}>{text().links.copy}</button>
        <button type="button" onClick={() => props.onDone()}>{text().links.done}</button>
      </div>
      <p class="claim-answer" aria-live="polite">{answer()}</p>
    </div>
  );
}

function InvitationRow(props: { invitation: Invitation }): JSX.Element {
  const ui = useUi();
  const i = () => props.invitation;
  const nameOf = (id: string) => ui.organisations.members()?.find((m) => m.id === id)?.name ?? id;
  const state = () => {
    if (i().usedBy) return text().links.usedBy(nameOf(i().usedBy as string));
    return Date.parse(i().expires) < ui.picture.connection.now_ms() ? text().links.expired : `${text().links.open}, ${text().links.expires(clockOf(ui)(i().expires))}`;
  };
  return <li class="source-row" data-invitation={i().note}><p><b>{i().note}</b></p><p class="source-facts">{text().shares.madeAt(clockOf(ui)(i().made))} · {state()}</p></li>;
}
