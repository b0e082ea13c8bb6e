import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const report = process.env.MEMDB_TEST_REPORT;

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    // One process a file: a crash of the addon then names the file it happened in.
    pool: 'forks',
    // The package under test is run as Node runs it, not transformed.
    server: { deps: { external: [/\/dist\/lib\//] } },
    // The counts for those who need more than the exit status.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
