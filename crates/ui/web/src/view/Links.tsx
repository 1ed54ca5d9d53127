// The other organisations: who they are, how one stands with them, what goes to whom.

import { createMemo, For, Show, type JSX } from 'solid-js';
import { ageText } from '../model/age.ts';
import { mayManagePeers } from '../model/members.ts';
import { problemText } from './asked.ts';
import { Disclosures } from './Disclosures.tsx';
import { Invitations } from './Invitations.tsx';
import { JoinForm } from './JoinForm.tsx';
import { MemberRow } from './MemberRow.tsx';
import { Notices } from './Notices.tsx';
import { OwnOrganisation } from './OwnOrganisation.tsx';
import { text } from './prefs.ts';
import { Shares } from './Shares.tsx';
import { useUi } from './ui.ts';

export function LinksPanel(): JSX.Element {
  const ui = useUi();
  const all = ui.organisations;
  const may = () => mayManagePeers(ui.picture.session()?.role);
  const read_ms = () => all.read_ms();
  const oldness = () => ageText((ui.picture.connection.now_ms() - (read_ms() ?? 0)) / 1000, text().age);
  return (
    <section class="links">
      <Show when={!all.isOlder()} fallback={<p class="hint">{text().links.absent}</p>}>
        <Show when={read_ms() !== null && !all.isAsked()}><p class="recomputing" role="status">{text().links.oldList(oldness())}</p></Show>
        <Show when={all.problem()}>{(e) => <p class="problem" role="alert">{text().links.failed}: {problemText(e())}</p>}</Show>
        <Show when={all.own() !== undefined} fallback={<Show when={!all.problem()}><p class="hint">{text().why.loading}</p></Show>}>
          <OwnOrganisation />
          <Show when={all.own()}>
            <Members />
            <Show when={may()} fallback={<p class="hint" data-refused>{text().links.mayNot}</p>}>
              <JoinForm />
              <Invitations />
              <Shares />
            </Show>
            <Notices />
            <Show when={may()}><Disclosures /></Show>
          </Show>
        </Show>
      </Show>
    </section>
  );
}

function Members(): JSX.Element {
  const ui = useUi();
  // By id, so that a row keeps its place and what is asked there when news comes in.
  const byId = createMemo(() => new Map((ui.organisations.members() ?? []).map((m) => [m.id, m])));
  return (
    <>
      <h3>{text().links.members}</h3>
      <ul class="source-list" data-list="members">
        <For each={[...byId().keys()]} fallback={<li class="hint">{text().links.none}</li>}>
          {(id) => <Show when={byId().get(id)}>{(member) => <MemberRow member={member()} />}</Show>}
        </For>
      </ul>
    </>
  );
}
