import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The server that `npm run web:dev` asks. */
const SERVER = process.env['PLADMED_SERVER'] ?? 'http://localhost:5000';

export default defineConfig({
  base: '/app/',
  plugins: [react()],
  build: {
    target: 'es2023',
    // no data: addresses: the Content-Security-Policy has none for fonts and scripts
    assetsInlineLimit: 0,
    manifest: true,
    // the map's outlines, which is no script
    chunkSizeWarningLimit: 600,
  },
  server: {
    proxy: {
      '/api': SERVER,
      '/docs': SERVER,
      '/socket.io': { target: SERVER, ws: true },
    },
  },
});
