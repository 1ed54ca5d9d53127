import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';

// The status matrix: a page for tests only, built from the real components and never
// part of the product.
export default defineConfig({
  root: 'test',
  base: './',
  plugins: [solid()],
  logLevel: 'error',
  build: { outDir: '../node_modules/.cache/matrix', emptyOutDir: true, target: 'es2022', rollupOptions: { input: 'test/matrix.html' } },
});
