// The page of all errors: code, cause, what to do, example.
import { anchor, firstSentence, ORIGIN, setup, table } from './markdown.mjs';

const INTRODUCTION = `Every error that the package throws on purpose is a [\`MemDBError\`](#memdberror) with a
\`code\`. Codes are stable, and messages may change between releases. A message says what was wrong and what to
write instead. \`JSON.stringify\` of any error works.

Two other kinds can appear. An argument of a wrong type is a \`TypeError\`. An index that a chain does not have is a
\`RangeError\`. Both are mistakes in the calling program.`;

export function errorsPage(entries) {
  const [main] = entries;
  const errors = new Map();
  for (const { name: from, exports } of entries) {
    for (const item of exports.filter(({ isError }) => isError)) {
      const known = errors.get(item.name);
      if (known === undefined) errors.set(item.name, { ...facts(item), from: [from] });
      else known.from.push(from);
    }
  }
  const coded = [...errors.values()].filter(({ code }) => code !== undefined);
  return `${[
    ORIGIN,
    '# Errors',
    INTRODUCTION,
    table(
      ['code', 'class', 'cause'],
      coded.map(({ code, name, cause }) => [
        `\`${code}\``,
        `[\`${name}\`](#${anchor(name)})`,
        firstSentence(cause),
      ]),
    ),
    'An error of another thread has lost its class: compare its `code`. See\n' +
      '[Errors across threads](threads.md#errors-across-threads).',
    'Every example begins with these lines:',
    setup(
      main === entries.at(-1) || coded.every(({ from }) => from[0] === main.name)
        ? [main]
        : entries,
    ),
    ...[...errors.values()].flatMap(section),
  ].join('\n\n')}\n`;
}

function facts({ name, code, comment }) {
  return {
    name,
    code,
    cause: comment.summary,
    advice: comment.all('remarks').join('\n\n'),
    examples: comment.all('example'),
  };
}

function section({ name, code, cause, advice, examples, from }) {
  return [
    `## ${name}`,
    `${code === undefined ? 'From' : `\`${code}\`, from`} ${from.map((one) => `\`${one}\``).join(' and ')}.`,
    `**Cause.** ${cause}`,
    `**What to do.** ${advice}`,
    ...examples,
  ];
}
