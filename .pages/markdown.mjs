// Pieces of Markdown that both kinds of generated pages use.

/** The first line of a page: who writes it. */
export const ORIGIN = '<!-- Written by `npm run pages` from the doc comments. Change those. -->';

/** The anchor of a heading, as GitHub makes it from a name. */
export const anchor = (name) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_ -]/g, '')
    .replaceAll(' ', '-');

/** One sentence, for a table. */
export function firstSentence(text) {
  const [line] = text.replaceAll('\n', ' ').split(/(?<=[.:]) /);
  return line.replace(/:$/, '.').replaceAll('|', '\\|');
}

export const code = (text, info = 'ts') => `\`\`\`${info}\n${text}\n\`\`\``;

/** A table with left-aligned columns. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** The lines that examples begin with: all that the entries export, and a database. */
export function setup(entries) {
  const known = new Set();
  const imports = entries.map(({ name, exports }) => {
    const own = exports.filter((item) => !known.has(item.name));
    for (const item of own) known.add(item.name);
    const names = own.map((item) => (item.isType ? `type ${item.name}` : item.name));
    return `import {\n${names.map((one) => `  ${one},\n`).join('')}} from '${name}';`;
  });
  return code([...imports, '', 'const db = new MemDB();'].join('\n'), 'ts setup');
}
