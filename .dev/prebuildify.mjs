// npm run prebuildify: builds the binary for this platform into prebuilds/, where the package looks for it,
// and writes its record. It leaves the local build alone. It fails if the binary needs a newer system than
// we promise.
import './install.mjs';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { headers, sources } from './native.mjs';
import { at, fail, files, fingerprint, run, runPackage, Stamp, which } from './project.mjs';
import { writeRecord } from './record.mjs';

/** The newest versions that a binary may need: CentOS 7, Debian 9 and Ubuntu 18.04 have them. */
const NEWEST = { GLIBC: '2.17', GLIBCXX: '3.4.22', CXXABI: '1.3.11' };

const platform = process.env.PREBUILD_PLATFORM ?? process.platform;
const arch = process.env.PREBUILD_ARCH ?? process.arch;
const prebuilds = `prebuilds/${platform}-${arch}`;

// What the binary was made from. With --if-needed, one of the same sources is left as it is.
const stamp = new Stamp(`${prebuilds}/.stamp`);
const made = fingerprint([...sources(), 'binding.gyp', '.dev/prebuildify.mjs', '.dev/record.mjs']);
if (process.argv.includes('--if-needed') && stamp.is(made)) process.exit(0);

// A copy, because prebuildify removes the build that it finds.
const copy = 'build/prebuildify';
rmSync(at(copy), { recursive: true, force: true });
mkdirSync(at(copy), { recursive: true });
for (const part of ['package.json', 'binding.gyp', 'native', '.dev']) {
  cpSync(at(part), at(copy, part), { recursive: true });
}

const [, nodedir] = headers();
const tag = platform === 'linux' ? ['--tag-libc'] : [];
const target = ['--target', process.versions.node, '--platform', platform, '--arch', arch];
const { ok } = runPackage(
  'prebuildify',
  ['--napi', '--strip', ...tag, ...target, '--cwd', at(copy), '--out', at('.')],
  { env: nodedir ? { npm_config_nodedir: nodedir } : {} },
);
if (!ok) fail('accumulate-memdb: the binary could not be built.');
rmSync(at(copy), { recursive: true });

const binaries = files(prebuilds, (file) => file.endsWith('.node'));
if (binaries.length === 0) fail(`accumulate-memdb: no binary in ${prebuilds}.`);
for (const binary of binaries) {
  const { size, sha256, layout } = writeRecord(at(binary));
  console.log(`${binary}: ${size} bytes, layout ${layout}, SHA-256 ${sha256}`);
  if (platform === 'linux' && !binary.includes('.musl.')) checkVersions(binary);
}

stamp.set(made);

/** Prints the newest version of each library that objdump finds, and fails if one is too new. */
function checkVersions(binary) {
  const objdump = process.env.OBJDUMP ?? which('objdump') ?? fail('objdump is needed (binutils).');
  const { ok, output } = run(objdump, ['-T', at(binary)], { quiet: true });
  if (!ok) fail(output);
  const found = {};
  for (const [, library, version] of output.matchAll(/\((GLIBC|GLIBCXX|CXXABI)_([\d.]+)\)/g)) {
    found[library] = newer(found[library] ?? '0', version);
  }
  for (const [library, version] of Object.entries(found)) {
    console.log(`  needs ${library} ${version}; may need ${NEWEST[library]}`);
    if (newer(version, NEWEST[library]) !== NEWEST[library]) {
      fail(`accumulate-memdb: ${binary} needs ${library} ${version}, and older systems lack it.`);
    }
  }
}

/** Returns the newer of two versions. */
function newer(one, other) {
  return one.localeCompare(other, 'en', { numeric: true }) > 0 ? one : other;
}
