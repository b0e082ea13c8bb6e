import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');

const FENCE = /^```([^\n]*)\n(.*?)^```$/gms;

/** A fenced block of code. */
export interface Block {
  /** The line of the page that it begins in, from 1. */
  readonly line: number;
  readonly language: string;
  /** The words after the language. */
  readonly words: readonly string[];
  readonly code: string;
}

/** A page in Markdown, by its path from the root. */
export class Page {
  readonly text: string;

  constructor(readonly path: string) {
    this.text = readFileSync(join(ROOT, path), 'utf8');
  }

  get blocks(): Block[] {
    return blocksOf(this.text);
  }

  /** The text without its fenced blocks. */
  get prose(): string {
    return this.text.replaceAll(FENCE, '');
  }

  /** The anchors of the headings, as GitHub makes them, and those that the page itself sets. */
  get anchors(): string[] {
    const seen = new Map<string, number>();
    const set = [...this.prose.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id as string);
    const made = [...this.prose.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => {
      const anchor = anchorOf(heading as string);
      const before = seen.get(anchor) ?? 0;
      seen.set(anchor, before + 1);
      return before === 0 ? anchor : `${anchor}-${before}`;
    });
    return [...set, ...made];
  }

  /** The targets of links and images. */
  get links(): string[] {
    const plain = this.prose.replaceAll(/`[^`\n]+`/g, '');
    return [
      ...plain.matchAll(/\]\(([^)\s]+)\)/g),
      ...plain.matchAll(/(?:src|srcset|href)="([^"]+)"/g),
    ].map(([, target]) => target as string);
  }
}

/** Every page of the repository in Markdown. */
export const DOCUMENTS: readonly Page[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', '*.md'],
  { cwd: ROOT, encoding: 'utf8' },
)
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)))
  .sort()
  .map((path) => new Page(path));

/** The pages for users of the package: those at the top and in `docs/`. */
export const PAGES = DOCUMENTS.filter(({ path }) => /^(docs\/.*|[^/]+)$/.test(path));

export function blocksOf(text: string): Block[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [, info, code] = match as unknown as [string, string, string];
    const [language = '', ...words] = info.trim().split(/\s+/);
    return { line: text.slice(0, match.index).split('\n').length, language, words, code };
  });
}

function anchorOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
}
