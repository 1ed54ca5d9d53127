// The few signs on buttons, drawn here so that they do not depend on the fonts of a tablet.

import type { JSX } from 'solid-js';

const PATHS = {
  night: 'M15 4A8 8 0 1 0 20 15A7 7 0 0 1 15 4Z',
  light: 'M12 7.5A4.5 4.5 0 1 0 12 16.5A4.5 4.5 0 1 0 12 7.5ZM12 2V4.5M12 19.5V22M2 12H4.5M19.5 12H22M5 5L6.8 6.8M17.2 17.2L19 19M19 5L17.2 6.8M6.8 17.2L5 19',
  leave: 'M13 4H5V20H13M10 12H21M17 8L21 12L17 16',
  in: 'M12 4V20M4 12H20',
  out: 'M4 12H20',
  fit: 'M4 9V4H9M15 4H20V9M20 15V20H15M9 20H4V15',
  section: 'M4 20H9V14H14V8H19V4',
  print: 'M7 8V3H17V8M7 17H4V8H20V17H17M7 14H17V21H7Z',
  find: 'M10.5 4A6.5 6.5 0 1 0 10.5 17A6.5 6.5 0 1 0 10.5 4ZM15.5 15.5L21 21',
  links: 'M5 9.5A2.5 2.5 0 1 0 5 14.5A2.5 2.5 0 1 0 5 9.5ZM19 4A2.5 2.5 0 1 0 19 9A2.5 2.5 0 1 0 19 4ZM19 15A2.5 2.5 0 1 0 19 20A2.5 2.5 0 1 0 19 15ZM7.4 11L16.6 7.4M7.4 13L16.6 16.6',
  map: 'M3 6L9 3L15 6L21 3V18L15 21L9 18L3 21ZM9 3V18M15 6V21',
  findings: 'M12 4L21 20H3ZM12 10V14.5M12 17V17.5',
  review: 'M9 4H5V20H19V4H15M9 2H15V6H9ZM8 13L11 16L16 10',
  close: 'M5 5L19 19M19 5L5 19',
} as const;

export function Icon(props: { name: keyof typeof PATHS }): JSX.Element {
  return <svg class="icon" width="24" height="24" viewBox="0 0 24 24" aria-hidden="true"><path d={PATHS[props.name]} /></svg>;
}
