import { render } from 'solid-js/web';
import './style/index.css';
import { App } from './view/App.tsx';
import { applyPrefs } from './view/prefs.ts';

applyPrefs();
render(() => <App />, document.getElementById('app') as HTMLElement);
