// What the package exports, as api-extractor reads it from the declarations in dist/.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import extractor from '@microsoft/api-extractor';
import { at, root } from '../.dev/project.mjs';
import { Comment } from './comment.mjs';

const { CompilerState, Extractor, ExtractorConfig } = extractor;

/** An entry point of the package: the name to import it by, its page, and its exports. */
export class Entry {
  /** `values`: the names of the exports that exist when a program runs. */
  constructor(subpath, exports, values) {
    this.name = subpath.replace('.', 'accumulate-memdb');
    this.page = `docs/api${subpath.slice(1).replaceAll('/', '-')}.md`;
    this.exports = exports;
    for (const item of exports) item.isType = !values.includes(item.name);
  }
}

/** An export, or a member of one. An overloaded function is one export with several signatures. */
export class Item {
  constructor({ kind, name, docComment, members = [], excerptTokens }) {
    this.kind = kind;
    this.name = kind === 'Constructor' ? 'constructor' : name;
    this.comment = new Comment(docComment);
    this.signatures = [signature(excerptTokens)];
    this.members = grouped(members);
  }

  /** Whether it can be called, and so can throw. */
  get callable() {
    return ['Function', 'Method', 'MethodSignature', 'Constructor'].includes(this.kind);
  }

  /** Whether it is an error class of the package. */
  get isError() {
    return this.kind === 'Class' && /\bextends \w*Error\b/.test(this.signatures[0]);
  }

  /** The stable code of an error class, or undefined. */
  get code() {
    const code = this.members.find(({ name }) => name === 'code');
    return code && /["'](ERR_\w+)["']/.exec(code.signatures[0])?.[1];
  }
}

/** The entry points, as `exports` of package.json lists them. */
export function readEntries() {
  const { exports } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object');
  const folder = mkdtempSync(join(tmpdir(), 'memdb-api-'));
  try {
    const file = join(folder, 'model.api.json');
    const configs = entries.map(([, { require: target }]) => configure(at(target.types), file));
    const additionalEntryPoints = configs.map((config) => config.mainEntryPointFilePath);
    // One for all, because to read the declarations takes most of the time.
    const compilerState = CompilerState.create(configs[0], { additionalEntryPoints });
    return entries.map(([subpath, { require: target }], n) => {
      Extractor.invoke(configs[n], { compilerState, localBuild: true, messageCallback: report });
      const [{ members }] = JSON.parse(readFileSync(file, 'utf8')).members;
      const values = Object.keys(createRequire(import.meta.url)(at(target.default)));
      return new Entry(subpath, grouped(members), values);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function configure(mainEntryPointFilePath, apiJsonFilePath) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath,
      compiler: { tsconfigFilePath: at('tsconfig.json'), skipLibCheck: true },
      apiReport: { enabled: false },
      dtsRollup: { enabled: false },
      docModel: { enabled: true, apiJsonFilePath },
      tsdocMetadata: { enabled: false },
    },
    packageJsonFullPath: at('package.json'),
  });
}

/** Its advice about comments and release tags does not concern us; errors do. */
function report(message) {
  message.handled = true;
  if (message.logLevel === 'error') throw new Error(message.text);
}

function grouped(members) {
  const items = new Map();
  for (const member of members.map((one) => new Item(one))) {
    const known = items.get(member.name);
    if (known === undefined) items.set(member.name, member);
    else known.signatures.push(...member.signatures);
    if (known?.comment.summary === '') known.comment = member.comment;
  }
  return [...items.values()];
}

function signature(tokens) {
  const text = tokens.map(({ text }) => text).join('');
  return text.replace(/^export (declare )?/, '').trim();
}
