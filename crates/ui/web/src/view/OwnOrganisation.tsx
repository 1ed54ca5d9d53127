// Who this node is to others; or founding the organisation, once.

import { createSignal, For, Show, type JSX } from 'solid-js';
import { mayFound, type Organisation } from '../model/members.ts';
import { problemText } from './asked.ts';
import { text } from './prefs.ts';
import { useUi } from './ui.ts';

export function OwnOrganisation(): JSX.Element {
  const ui = useUi();
  return (
    <Show when={ui.organisations.own()} fallback={<Founding />}>
      {(us) => (
        <>
          <h3>{text().links.us}</h3>
          <div class="source-row" data-own={us().name}>
            <p class="source-state"><b>{us().title}</b> <code>{us().name}</code></p>
            <p class="fingerprint"><span>{text().links.fingerprint}</span> <code>{us().fingerprint}</code></p>
            <p class="source-facts"><For each={us().addresses}>{(address) => <>{address} </>}</For></p>
          </div>
        </>
      )}
    </Show>
  );
}

function Founding(): JSX.Element {
  const ui = useUi();
  const [title, setTitle] = createSignal('');
  const [addresses, setAddresses] = createSignal('');
  const [problem, setProblem] = createSignal('');
  const found = async (event: Event) => {
    event.preventDefault();
    setProblem('');
    try {
      const lines = addresses().split(/\s+/).filter(Boolean);
      await ui.organisations.change<{ organisation: Organisation }>('POST', '/v1/organisation', { title: title().trim(), addresses: lines });
      ui.picture.announce(text().links.isFounded);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <>
      <p>{text().links.notFounded}</p>
      <Show when={mayFound(ui.picture.session()?.role)} fallback={<p class="hint" data-refused>{text().links.mayNotFound}</p>}>
        <form class="set-aside-form" data-form="found" onSubmit={(e) => void found(e)}>
          <p class="hint">{text().links.founding}</p>
          <label>{text().links.titleOf}<input name="title" required maxlength="120" autocomplete="organization" value={title()} onInput={(e) => setTitle(e.currentTarget.value)} /></label>
          <label>{text().links.addresses}<textarea name="addresses" rows="2" placeholder={text().links.addressHint} value={addresses()} onInput={(e) => setAddresses(e.currentTarget.value)} /></label>
          <p class="problem" role="alert">{problem()}</p>
          <button type="submit" class="primary">{text().links.found}</button>
        </form>
      </Show>
    </>
  );
}
