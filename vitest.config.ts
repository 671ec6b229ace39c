import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Needs more than Node: `npm run test:fleet`.
    exclude: ['test/fleet/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Each file spawns servers and clients of its own; two at a time keep a small machine honest.
    maxWorkers: 2,
  },
});
