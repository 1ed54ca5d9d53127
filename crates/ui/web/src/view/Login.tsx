// Logging in, and the first account of a new node.

import { createSignal, Show, type JSX } from 'solid-js';
import { Away } from '../live/client.ts';
import type { Picture } from '../live/picture.ts';
import { text } from './prefs.ts';

export function Login(props: { picture: Picture }): JSX.Element {
  const [name, setName] = createSignal(props.picture.session()?.name ?? '');
  const [password, setPassword] = createSignal('');
  const [code, setCode] = createSignal('');
  const [problem, setProblem] = createSignal('');
  const [busy, setBusy] = createSignal(false);
  const fresh = () => props.picture.setupNeeded();
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    try {
      if (fresh()) await props.picture.setUp(code().trim(), name(), password());
      else await props.picture.logIn(name(), password());
    } catch (error) {
      setProblem(error instanceof Away ? text().error.network : (error as Error).message);
    } finally {
      setBusy(false);
      setPassword('');
    }
  };
  return (
    <main class="login">
      <form onSubmit={(e) => void submit(e)}>
        <h1>Twinternet</h1>
        <p>{props.picture.expired() ? text().login.again : text().login.purpose}</p>
        <h2>{fresh() ? text().login.setupTitle : text().login.title}</h2>
        <Show when={fresh()}>
          <p class="hint">{text().login.setupHelp}</p>
          <label>{text().login.code}<input name="code" autocomplete="one-time-code" required value={code()} onInput={(e) => setCode(e.currentTarget.value)} /></label>
        </Show>
        <label>{text().login.name}<input name="name" autocomplete="username" required value={name()} onInput={(e) => setName(e.currentTarget.value)} /></label>
        <label>{text().login.password}<input name="password" type="password" autocomplete={fresh() ? 'new-password' : 'current-password'} required value={password()} onInput={(e) => setPassword(e.currentTarget.value)} /></label>
        <p class="problem" role="alert">{problem()}</p>
        <Show when={props.picture.expired()}><button type="button" onClick={() => void props.picture.logOut()}>{text().login.logout}</button></Show>
        <button type="submit" class="primary" disabled={busy()}>{fresh() ? text().login.setupSubmit : text().login.submit}</button>
      </form>
    </main>
  );
}
