// The page of an entry point: every export with its signature, its doc comment and its members.
import { anchor, code, firstSentence, ORIGIN, setup, table } from './markdown.mjs';

const KINDS = { Class: 'class', Function: 'function', Interface: 'interface', TypeAlias: 'type' };

/** `main` is the entry point whose exports the examples of every page use. */
export function apiPage(entry, main) {
  const { name, exports } = entry;
  const links = linksTo(entry, main);
  const shown = exports.filter((item) => !item.isError);
  const errors = exports.filter((item) => item.isError);
  return `${[
    ORIGIN,
    `# API of \`${name}\``,
    table(
      ['export', '', ''],
      shown.map((item) => [
        `[\`${item.name}\`](#${anchorOf(item)})`,
        kindOf(item),
        firstSentence(item.comment.summary),
      ]),
    ),
    errors.length > 0 &&
      `Its ${errors.length} error classes have a page of their own: [Errors](errors.md).`,
    'A wrong type of an argument is a `TypeError` everywhere, and its message says what to write.',
    'Every example begins with these lines:',
    setup(entry === main ? [main] : [main, entry]),
    ...shown.flatMap((item) => section(item, links)),
  ]
    .filter(Boolean)
    .join('\n\n')}\n`;
}

function kindOf({ kind }) {
  return KINDS[kind] ?? kind.toLowerCase();
}

/** A function may have the name of a class but for its case, and so its anchor. */
function headingOf(item) {
  return item.kind === 'Function' ? `${item.name}()` : item.name;
}

function anchorOf(item) {
  return item.kind === 'Function' ? `function-${anchor(item.name)}` : anchor(item.name);
}

/** Turns names of exports in a text into links. */
function linksTo(entry, main) {
  const targets = new Map();
  for (const { exports, page } of new Set([main, entry])) {
    const file = page === entry.page ? '' : page.replace('docs/', '');
    for (const item of exports) {
      const target = item.isError ? `errors.md#${anchor(item.name)}` : `${file}#${anchorOf(item)}`;
      targets.set(item.name, target);
    }
  }
  return (text, own) =>
    text.replaceAll(/(```.*?```)|`(\w+)`/gs, (all, block, name) =>
      block === undefined && name !== own && targets.has(name)
        ? `[\`${name}\`](${targets.get(name)})`
        : all,
    );
}

function section(item, links) {
  const heading =
    item.kind === 'Function'
      ? `<a id="${anchorOf(item)}"></a>\n\n## ${headingOf(item)}`
      : `## ${headingOf(item)}`;
  return [
    heading,
    code(wholeOf(item), 'ts signature'),
    ...comment(item, links),
    ...(item.kind === 'Interface' ? fields(item, links) : members(item, links)),
  ];
}

/** An interface with its members, or any other export as it is declared. */
function wholeOf(item) {
  if (item.kind !== 'Interface') return item.signatures.join('\n');
  const lines = item.members.flatMap(({ signatures }) => signatures.map((one) => `  ${one}`));
  return [`${item.signatures[0]} {`, ...lines, '}'].join('\n');
}

function comment({ name, comment }, links) {
  const text = (one) => links(one, name);
  const throws = comment.all('throws').map((one) => `Throws ${text(named(one))}`);
  return [
    text(comment.summary),
    ...comment.all('remarks').map(text),
    ...throws,
    ...comment.all('example'),
    ...comment.all('see').map((other) => `For an example, see ${text(`\`${other}\``)}.`),
  ].filter((one) => one !== '');
}

/** The name of an error, as code, so that it becomes a link. */
function named(text) {
  return text.replace(/^\w+Error\b/, '`$&`');
}

function fields({ members }, links) {
  const known = members.filter(({ comment }) => comment.text !== '');
  return known.length === 0
    ? []
    : [
        known
          .map(({ name, comment }) => `- \`${name}\`: ${indented(links(comment.text))}`)
          .join('\n'),
      ];
}

function indented(text) {
  return text.replaceAll('\n', '\n  ');
}

function members({ name, members }, links) {
  // What the language calls by itself goes without saying.
  const called = members.filter((member) => !member.name.startsWith('['));
  return called.flatMap((member) => {
    const isStatic = member.signatures[0].startsWith('static ');
    const owner = isStatic ? name : name[0].toLowerCase() + name.slice(1);
    const title = member.kind === 'Constructor' ? `new ${name}` : `${owner}.${member.name}`;
    return [
      `### ${title}`,
      code(member.signatures.join('\n'), 'ts signature'),
      ...comment(member, links),
    ];
  });
}
