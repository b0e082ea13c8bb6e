/** What the doc comments of exports lack, a line for each. */
export function lacks(entries) {
  return entries.flatMap((entry) =>
    entry.exports.flatMap((item) =>
      lacksOf(item).map((what) => `${entry.name}: ${item.name} has no ${what} in its doc comment`),
    ),
  );
}

function lacksOf(item) {
  const { comment, members } = item;
  const all = [item, ...members];
  const checks = {
    summary: comment.summary !== '',
    '@example, and no @see that names the export whose example shows it':
      comment.text.includes('```') || comment.all('see').length > 0,
    '@remarks that says what to do': !item.isError || comment.all('remarks').length > 0,
    '@throws': !needsErrors(item) || all.some((one) => one.comment.saysErrors),
  };
  const own = Object.keys(checks).filter((what) => !checks[what]);
  const silent = members.filter(
    ({ callable, name, comment }) => callable && !isPlain(name) && comment.text === '',
  );
  return [...own, ...silent.map(({ name }) => `summary of ${name}`)];
}

function needsErrors({ kind, isError }) {
  return !isError && (kind === 'Function' || kind === 'Class');
}

/** Whether the name of a member says all: those of the language and of all classes alike. */
function isPlain(name) {
  return ['toString', 'toJSON'].includes(name) || name.startsWith('[');
}
