// Joining with a code: first who gave it is shown, by the fingerprint that two people
// compare, and only then the other organisation is called.

import { createSignal, Show, type JSX } from 'solid-js';
import type { Inviter, Member } from '../model/members.ts';
import { problemText } from './asked.ts';
import { clockOf } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** Calling over a slow link takes its time. */
const JOIN_TIMEOUT_MS = 60_000;

export function JoinForm(): JSX.Element {
  const ui = useUi();
  const [typed, setTyped] = createSignal('');
  const [inviter, setInviter] = createSignal<Inviter | null>(null);
  const [problem, setProblem] = createSignal('');
  const [busy, setBusy] = createSignal(false);
  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setProblem('');
    await act().catch((error: unknown) => setProblem(problemText(error)));
    setBusy(false);
  };
  const look = (event: Event) => {
    event.preventDefault();
    void attempt(async () => {
      const answer = await ui.picture.client.send<{ inviter: Inviter }>('POST', '/v1/members', JSON.stringify({ code: typed().trim(), look: true }));
      if (Date.parse(answer.inviter.expires) < ui.picture.connection.now_ms()) setProblem(text().links.codeExpired);
      else setInviter(answer.inviter);
    });
  };
  const join = () =>
    void attempt(async () => {
      const { member } = await ui.organisations.change<{ member: Member }>('POST', '/v1/members', { code: typed().trim() }, JOIN_TIMEOUT_MS);
      ui.picture.announce(text().links.joined(member.title || member.name));
      setTyped('');
      setInviter(null);
    });
  return (
    <>
      <h3>{text().links.join}</h3>
      <form class="set-aside-form" data-form="join" onSubmit={look}>
        <label>{text().links.code}<textarea name="code" rows="3" required autocomplete="off" spellcheck={false} value={typed()} onInput={(e) => (setTyped(e.currentTarget.value), setInviter(null))} /></label>
        <p class="problem" role="alert">{problem()}</p>
        <Show when={inviter()} fallback={<button type="submit" disabled={busy()}>{text().links.look}</button>}>
          {(who) => (
            <div data-inviter>
              <p>{text().links.whoInvites}</p>
              <p class="fingerprint"><span>{text().links.fingerprint}</span> <code>{who().fingerprint}</code></p>
              <p class="source-facts">{[...who().addresses, text().links.expires(clockOf(ui)(who().expires))].join(' · ')}</p>
              <div class="claim-buttons">
                <button type="button" class="primary" data-act="join" disabled={busy()} onClick={join}>{busy() ? text().links.joining : text().links.joinNow}</button>
                <button type="button" onClick={() => setInviter(null)}>{text().imports.cancel}</button>
              </div>
            </div>
          )}
        </Show>
      </form>
    </>
  );
}
