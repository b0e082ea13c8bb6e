// How textlint reads a file: Markdown as it is, a source as the Markdown in its comments.
import { parse } from '@textlint/markdown-to-ast';

const SOURCES = ['.ts', '.mts', '.mjs', '.h', '.cc'];

class Processor {
  availableExtensions() {
    return ['.md', ...SOURCES];
  }

  processor(extension) {
    return {
      preProcess: (text) => {
        const tree = SOURCES.includes(extension) ? parseComments(text) : parse(text);
        visit(tree, fillCell);
        return tree;
      },
      postProcess: (messages, filePath) => ({ messages, filePath }),
    };
  }
}

export const plugin = { pluginId: 'prose', plugin: { Processor } };

function visit(node, change) {
  change(node);
  for (const child of node.children ?? []) visit(child, change);
}

/** Makes the text of a table's cell a paragraph, because rules check nothing else. */
function fillCell(node) {
  if (node.type !== 'TableCell') return;
  node.children = [{ ...node, type: 'Paragraph', children: node.children }];
}

const COMMENT = /^\s*(?:\/\*+|\*\/|\*(?=\s|$)|\/\/+)\s?/;
const NOT_PROSE = /^\s*(?:biome-ignore|@internal|clang-format|NOLINT)/;

/** The tree of all comments that begin a line. Its nodes have the places of the source. */
function parseComments(source) {
  let markdown = '';
  const origins = [];
  const add = (text, offset) => {
    markdown += text;
    for (let i = 0; i < text.length; i++) origins.push(offset + i);
  };
  const starts = [];
  let offset = 0;
  for (const line of source.split('\n')) {
    starts.push(offset);
    const start = COMMENT.exec(line)?.[0].length ?? line.length;
    const text = line.slice(start).replace(/\s*\*\/\s*$/, '');
    // Each tag of a doc comment is a paragraph.
    if (text.startsWith('@')) add('\n', offset);
    if (!NOT_PROSE.test(text)) add(text, offset + start);
    add('\n', offset + line.length);
    offset += line.length + 1;
  }
  origins.push(source.length);

  const position = (at) => {
    const line = starts.findLastIndex((start) => start <= at);
    return { line: line + 1, column: at - starts[line] };
  };
  const tree = parse(markdown);
  visit(tree, (node) => {
    node.range = node.range.map((at) => origins[at]);
    node.loc = { start: position(node.range[0]), end: position(node.range[1]) };
  });
  return tree;
}
