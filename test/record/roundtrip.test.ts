import { Key } from 'accumulate-memdb';
import { expect, it } from 'vitest';
import { Random, runSeed } from '../support/random.js';
import { randomKey } from './support.js';

const ROUNDS = 5_000;

it(`${ROUNDS} random keys come back from every form`, () => {
  const random = new Random(runSeed('key round trips'));
  let parts = 0;
  let previous = Key.of();
  for (let i = 0; i < ROUNDS; i++) {
    const key = randomKey(random);
    parts += key.length;
    const text = key.stringify();
    const bytes = key.encode();
    for (const copy of [
      Key.decode(bytes),
      Key.parse(text),
      Key.fromJSON(key.toJSON()),
      Key.fromJSON(JSON.parse(JSON.stringify(key))),
      key.slice(0, 2).appendKey(key.slice(2)),
    ]) {
      expect(copy.stringify()).toBe(text);
      expect(copy.encode().equals(bytes)).toBe(true);
      expect(copy.toString()).toBe(key.toString());
      expect(copy.equals(key)).toBe(true);
      expect(copy.compare(key)).toBe(0);
      expect(digest(copy)).toBe(digest(key));
    }
    expect(key.equals(previous)).toBe(text === previous.stringify());
    expect(Math.sign(key.compare(previous))).toBe(0 - Math.sign(previous.compare(key)));
    previous = key;
  }
  expect(parts).toBeGreaterThan(2 * ROUNDS);
});

/** The binary form in hex, or the code of the error. */
function digest(key: Key): string {
  try {
    return key.digest().toString('hex');
  } catch (error) {
    return (error as { code: string }).code;
  }
}
