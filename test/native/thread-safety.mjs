// npm run test:safety: clang's analysis of which lock guards what, over the core, as errors.
import { fail, files, run, which } from '../../.dev/project.mjs';

const sources = files('native/core', (f) => f.endsWith('.cc'));
if (sources.length === 0) fail('native/core: no sources to analyse.');
const { ok } = run(clang(), [
  '-fsyntax-only',
  '-std=c++20',
  '-Wall',
  '-Wextra',
  '-Wthread-safety',
  '-Wthread-safety-beta',
  '-Werror',
  ...sources,
]);
if (!ok) process.exit(1);
console.log(`Thread safety: ${sources.length} sources of the core, no warnings.`);

/** Returns clang, because only clang has this analysis. If it is missing, we install Debian's if we may. */
function clang() {
  const found = which('clang++', 'clang++-19', 'clang++-16', 'clang++-14');
  if (found) return found;
  if (process.getuid?.() === 0 && which('apt-get')) {
    console.log('Thread safety: installing clang');
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-qq'], { quiet: true, env });
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'clang'], {
      quiet: true,
      env,
    });
  }
  return which('clang++') ?? fail('Thread safety: clang++ is needed and is not installed.');
}
