import { number, table } from '../harness/table.js';
import type { Figures } from './figures.js';
import { time } from './svg.js';

/** The six figures of the README, as a table in Markdown. Two of them are losses. */
export function highlights(figures: Figures): string {
  const small = figures.sizes('get-new')[0] as number;
  const large = figures.largest('get-new');
  const memory = figures.largest('memory-resident');
  const own = figures.median('memory-resident', 'native', memory);
  const lmdb = figures.median('memory-resident', 'lmdb', memory);
  const bytes = (value: number) => `${number(value, 0, 0)} bytes`;
  const pause = figures.largest('pause');
  const of = (value: number) => time(value);
  const times = (
    row: string,
    size: number,
    subject: 'native' | 'fallback',
    other: 'map-careful' | 'lmdb',
  ) => comparison(figures.faster(row, size, subject, other));
  const ms = (subject: 'native' | 'map-careful') =>
    `${number(figures.median('pause', subject, pause), 0, 0)} ms`;

  const lines = [
    ['', 'records', 'figure', 'compared with'],
    [
      'get, new key',
      large,
      of(figures.median('get-new', 'native', large)),
      `${times('get-new', large, 'native', 'map-careful')} as the careful Map`,
    ],
    [
      'put + commit, blocks of 100, each',
      large,
      of(figures.median('insert-blocks', 'native', large)),
      `${times('insert-blocks', large, 'native', 'lmdb')} as lmdb`,
    ],
    [
      'begin + get + put + commit of one key',
      large,
      of(figures.median('transaction-new', 'native', large)),
      `${times('transaction-new', large, 'native', 'lmdb')} as lmdb`,
    ],
    [
      'longest pause while inserting',
      pause,
      ms('native'),
      `${ms('map-careful')} of the careful Map`,
    ],
    [
      'memory beyond key and value',
      memory,
      bytes(own),
      `${own > lmdb ? `**${bytes(lmdb)}**` : bytes(lmdb)} of lmdb`,
    ],
    [
      'get, new key, on the fallback',
      small,
      of(figures.median('get-new', 'fallback', small)),
      `${times('get-new', small, 'fallback', 'map-careful')} as the careful Map`,
    ],
  ];
  const text = lines.map((line) =>
    line.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)),
  );
  return table(text);
}

/** 2.9x as fast, or 0.47x in bold: a loss. */
function comparison(ratio: number): string {
  const text = `${ratio.toPrecision(2)}x as fast`;
  return ratio < 1 ? `**${text}**` : text;
}
