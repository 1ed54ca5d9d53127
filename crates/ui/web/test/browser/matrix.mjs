// The status matrix, measured by pixels: every status against every other and against
// "observed and safe", in light and night, in colour, grey, print and grey print.
//
// Two cells count as distinguishable when at least SHARE of their pixels differ by DELTA
// or more in CIELAB (in grey: in its lightness alone). 2.3 is a just noticeable
// difference (Mahy et al. 1994); four times that is seen at a glance.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const DELTA = 9;
const SHARE = 0.03;
/** Pixels this near to the safe colour would be taken for it. */
const SAME = 3;
/** What carries a value may show the quantity's hue, but thinned to this share at most. */
const SAFE_SHARE_MAX = 0.55;
/** WCAG 2.2, 1.4.3. */
const CONTRAST_MIN = 4.5;

const STATUSES = ['observed', 'fused', 'inferred', 'predicted', 'assumed', 'stale', 'conflicting', 'unknown', 'absent', 'withheld', 'notApplicable'];
const VALUELESS = new Set(['unknown', 'absent', 'withheld', 'notApplicable']);
const QUANTITIES = ['temperature', 'co2', 'humidity', 'occupancy', 'smoke', 'open', 'existence'];
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

export async function matrix(browser, tally) {
  const web = fileURLToPath(new URL('../../', import.meta.url));
  await build({ root: join(web, 'test'), configFile: join(web, 'vite.matrix.config.ts') });
  const server = await serve(join(web, 'node_modules/.cache/matrix'));
  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
  const reader = await browser.newPage();
  try {
    for (const theme of ['light', 'night']) {
      for (const media of ['screen', 'print']) {
        await page.emulateMedia({ media });
        await page.goto(`${server.url}/matrix.html?theme=${theme}`);
        await page.waitForSelector('[data-line]');
        const measured = await measure(page, reader);
        for (const mode of ['colour', 'grey']) judge(tally, measured, `${theme} ${media} ${mode}`, mode);
        judgeSteps(tally, measured, `${theme} ${media}`);
      }
      for (const language of ['en', 'nl']) {
        await page.emulateMedia({ media: 'screen' });
        await page.goto(`${server.url}/matrix.html?theme=${theme}&language=${language}`);
        await page.waitForSelector('[data-line]');
        await judgeWords(tally, page, `${theme} ${language}`);
      }
    }
  } finally {
    await page.close();
    await reader.close();
    server.close();
  }
}

async function serve(root) {
  const server = createServer((request, response) => {
    const path = join(root, new URL(request.url, 'http://local').pathname);
    readFile(path).then(
      (bytes) => response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Pixels of the whole page and the boxes of its cells, compared inside a second page. */
async function measure(page, reader) {
  const boxes = await page.$$eval('.cell', (cells) =>
    cells.map((cell) => {
      const { x, y, width, height } = cell.getBoundingClientRect();
      const label = cell.querySelector('.label .value');
      return { id: cell.dataset.cell ?? `step/${cell.dataset.step}`, x: x + scrollX, y: y + scrollY, width, height, ink: label ? getComputedStyle(label).fill : null };
    }),
  );
  const shot = (await page.screenshot({ fullPage: true })).toString('base64');
  return reader.evaluate(compare, { shot, boxes, DELTA, SAME, STATUSES, QUANTITIES });
}

// Runs in the browser: it has a PNG decoder, and a million comparisons are quick there.
async function compare({ shot, boxes, DELTA, SAME, STATUSES, QUANTITIES }) {
  const image = new Image();
  image.src = `data:image/png;base64,${shot}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const f = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const luminance = (r, g, b) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const lab = (r, g, b) => {
    const [R, G, B] = [linear(r / 255), linear(g / 255), linear(b / 255)];
    const x = f((0.4124 * R + 0.3576 * G + 0.1805 * B) / 0.9505);
    const y = f(0.2126 * R + 0.7152 * G + 0.0722 * B);
    const z = f((0.0193 * R + 0.1192 * G + 0.9505 * B) / 1.089);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const cells = {};
  for (const box of boxes) {
    const { data } = context.getImageData(Math.round(box.x), Math.round(box.y), Math.round(box.width), Math.round(box.height));
    const pixels = [];
    for (let i = 0; i < data.length; i += 4) pixels.push(lab(data[i], data[i + 1], data[i + 2]));
    const at = (Math.round(box.width) * 12 + 12) * 4;
    cells[box.id] = { pixels, ink: box.ink, fill: luminance(data[at], data[at + 1], data[at + 2]) };
  }
  const distance = (a, b, grey) => (grey ? Math.abs(a[0] - b[0]) : Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
  const share = (a, b, grey) => a.filter((p, i) => distance(p, b[i], grey) >= DELTA).length / a.length;
  const pairs = [];
  const safe = [];
  for (const quantity of QUANTITIES) {
    const of = (status) => cells[`${quantity}/${status}/bare`].pixels;
    const middle = of('observed')[Math.floor(of('observed').length / 2 + 60)];
    for (const [i, a] of STATUSES.entries()) {
      const near = (grey) => of(a).filter((p) => distance(p, middle, grey) < SAME).length / of(a).length;
      safe.push({ quantity, status: a, colour: near(false), grey: near(true) });
      for (const b of STATUSES.slice(i + 1)) pairs.push({ quantity, a, b, colour: share(of(a), of(b), false), grey: share(of(a), of(b), true) });
    }
  }
  const contrasts = boxes
    .filter((box) => box.id.startsWith('step/'))
    .map((box) => {
      const [r, g, b] = box.ink.match(/[\d.]+/g).map(Number);
      const [ink, fill] = [luminance(r, g, b), cells[box.id].fill];
      return { id: box.id, ratio: (Math.max(ink, fill) + 0.05) / (Math.min(ink, fill) + 0.05) };
    });
  return { pairs, safe, contrasts };
}

function judge(tally, measured, where, mode) {
  let least = 1;
  for (const pair of measured.pairs) {
    if (pair.a === 'observed' && pair.b === 'fused') continue; // Both are observed now, on purpose alike.
    least = Math.min(least, pair[mode]);
    tally.check(`${where}: ${pair.quantity} ${pair.a} differs from ${pair.b}`, pair[mode] >= SHARE, `${(pair[mode] * 100).toFixed(1)} % of pixels`);
  }
  tally.measures[`least difference, ${where} (share of pixels)`] = Number(least.toFixed(3));
  if (mode === 'grey') return; // In grey a pattern's bars may have the lightness of a fill; the pairs above cover it.
  for (const cell of measured.safe) {
    if (cell.status === 'observed' || cell.status === 'fused') continue;
    const max = VALUELESS.has(cell.status) ? 0.005 : SAFE_SHARE_MAX;
    tally.check(`${where}: ${cell.quantity} ${cell.status} is not in the colour of safe`, cell[mode] <= max, `${(cell[mode] * 100).toFixed(1)} % of pixels`);
  }
}

function judgeSteps(tally, measured, where) {
  for (const { id, ratio } of measured.contrasts) {
    tally.check(`${where}: value legible on ${id}`, ratio >= CONTRAST_MIN, ratio.toFixed(2));
  }
  tally.measures[`least contrast, ${where}`] = Number(Math.min(...measured.contrasts.map((c) => c.ratio)).toFixed(2));
}

async function judgeWords(tally, page, where) {
  const cells = await page.$$eval('[data-cell$="/words"]', (all) => all.map((cell) => [cell.dataset.cell, [...cell.querySelectorAll('text')].map((t) => t.textContent).join(' ')]));
  const lines = await page.$$eval('[data-line]', (all) => all.map((line) => [line.dataset.line, line.textContent]));
  for (const [id, words] of [...cells, ...lines]) {
    const status = id.split('/')[1];
    tally.check(`${where}: ${id} says something`, words.replace(/Room|Label/, '').trim() !== '');
    if (VALUELESS.has(status)) tally.check(`${where}: ${id} shows no digit`, !/\d/.test(words), words);
    else tally.check(`${where}: ${id} tells an age`, /\d+ (s|min|h|u|d)\b|<1 min/.test(words), words);
  }
}
