import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import solid from 'vite-plugin-solid';

const DIST = '../dist';

/** Writes `NAME.br` beside every file, so that the node need not compress. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name.endsWith('.br')) continue;
        const path = join(entry.parentPath, entry.name);
        writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}

// Assets are never inlined as data URIs, so that the content policy stays strict. Only the
// map is split off, because no storey should wait for it; the page fetches it beforehand,
// once it is idle. Its worker is served like every other script.
export default defineConfig({
  plugins: [solid(), precompress()],
  base: '/',
  build: {
    outDir: DIST,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      output: {
        assetFileNames: (asset) => (asset.names.some((name) => name.endsWith('.mjs')) ? 'assets/[name]-[hash].js' : 'assets/[name]-[hash][extname]'),
      },
    },
  },
  server: { proxy: { '/v1': process.env['TWIN_URL'] ?? 'http://127.0.0.1:8080' } },
});
