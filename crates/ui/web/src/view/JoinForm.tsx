// Joining with a code: first who invites is shown, by the fingerprint that two people
// compare, and only then the other organisation is called.

import { createSignal, Show, type JSX } from 'solid-js';
import { readCode, type Code } from '../model/code.ts';
import type { Member } from '../model/members.ts';
import { problemText } from './asked.ts';
import { clockOf } from './Contact.tsx';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

/** Calling over a slow link takes its time. */
const JOIN_TIMEOUT_MS = 60_000;

export function JoinForm(): JSX.Element {
  const ui = useUi();
  const [typed, setTyped] = createSignal('');
  const [code, setCode] = createSignal<Code | null>(null);
  const [problem, setProblem] = createSignal('');
  const [busy, setBusy] = createSignal(false);
  const look = (event: Event) => {
    event.preventDefault();
    const read = readCode(typed());
    const why = typeof read === 'string' ? read : read.expires_ms < ui.picture.connection.now_ms() ? 'expired' : '';
    setProblem(why === '' ? '' : (text().links.codeProblem[why] ?? why));
    setCode(why === '' ? (read as Code) : null);
  };
  const join = async () => {
    setBusy(true);
    setProblem('');
    try {
      const { member } = await ui.organisations.change<{ member: Member }>('POST', '/v1/members', { code: typed().trim() }, JOIN_TIMEOUT_MS);
      ui.picture.announce(text().links.joined(member.title || member.name));
      setTyped('');
      setCode(null);
    } catch (error) {
      setProblem(problemText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <h3>{text().links.join}</h3>
      <form class="set-aside-form" data-form="join" onSubmit={look}>
        <label>{text().links.code}<textarea name="code" rows="3" required autocomplete="off" spellcheck={false} value={typed()} onInput={(e) => (setTyped(e.currentTarget.value), setCode(null))} /></label>
        <p class="problem" role="alert">{problem()}</p>
        <Show when={code()} fallback={<button type="submit">{text().links.look}</button>}>
          {(c) => (
            <div data-inviter>
              <p>{text().links.whoInvites}</p>
              <p class="fingerprint"><span>{text().links.fingerprint}</span> <code>{c().fingerprint}</code></p>
              <p class="source-facts">{[...c().addresses, text().links.expires(clockOf(ui)(new Date(c().expires_ms).toISOString()))].join(' · ')}</p>
              <div class="claim-buttons">
                <button type="button" class="primary" data-act="join" disabled={busy()} onClick={() => void join()}>{busy() ? text().links.joining : text().links.joinNow}</button>
                <button type="button" onClick={() => setCode(null)}>{text().imports.cancel}</button>
              </div>
            </div>
          )}
        </Show>
      </form>
    </>
  );
}
