import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  test: {
    include: ['src/**/*.test.tsx'],
    environment: 'jsdom',
    environmentOptions: { jsdom: { url: 'http://localhost:5000/app/' } },
    setupFiles: ['test/setup.ts'],
    // west of Greenwich: a time that is shown in the wrong zone is seen
    env: { TZ: 'America/Argentina/Buenos_Aires' },
    restoreMocks: true,
    // it bounds a failure, on a machine that does much else
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // each module is loaded once for all files, which takes an eighth of the time
    isolate: false,
  },
});
