import { defineConfig } from 'vitest/config';

/** Tests that run within one process and end soon: each mutant is tried on those that reach it. */
export default defineConfig({
  test: {
    dir: '.',
    include: ['test/{rpc,kms,tags,tools}/**/*.test.ts'],
    // They set the umask or start other programs, which a worker thread cannot, or not often enough.
    exclude: ['test/tags/journal-disk.test.ts', 'test/rpc/tls-and-proxy.test.ts'],
    testTimeout: 20_000,
    maxWorkers: 1,
  },
});
