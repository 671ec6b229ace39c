import { defineConfig } from 'vitest/config';

// Apart from `npm test`: needs nginx and redis-server on the PATH. One file at a time, for they count processes.
export default defineConfig({
  test: {
    include: ['test/fleet/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
