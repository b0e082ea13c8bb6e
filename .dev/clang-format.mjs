// Formats the C++ sources in place. With --check it only reports, and fails if one is not formatted.
import './install.mjs';
import { files, runPackage } from './project.mjs';

const sources = ['native', 'test/native'].flatMap((d) => files(d, (f) => /\.(cc|h)$/.test(f)));
const mode = process.argv.includes('--check') ? ['--dry-run', '--Werror'] : ['-i'];
if (sources.length > 0) {
  const { ok } = runPackage('clang-format-node', [...mode, ...sources], {}, 'clang-format');
  process.exitCode = ok ? 0 : 1;
}
