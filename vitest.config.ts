import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Needs more than Node: `npm run test:fleet`.
    exclude: ['test/fleet/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // The files share nothing that a test changes, and loading the SDK once per worker instead of once per file saves a third.
    isolate: false,
    // Much of the time is spent on waiting for leases and for programs to start.
    maxWorkers: 4,
  },
});
