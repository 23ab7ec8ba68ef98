/**
 * How the console is built: scripts/console.mjs runs it and puts what it makes into console/dist.
 *
 * Invariant: no script stands inside a page, for the service's Content-Security-Policy allows files of its own only.
 */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react()],
  build: {
    target: 'es2022',
    outDir: '.build',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
});
