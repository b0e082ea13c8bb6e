import { EncodingError, Key } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { Random, runSeed } from '../support/random.js';
import { keyVectors, randomKey, restore, stored } from './support.js';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('binary keys', () => {
  it('are refused if they are cut off at any byte', () => {
    let cuts = 0;
    for (const { binary } of keyVectors.keys) {
      const bytes = hex(binary);
      for (let length = 0; length < bytes.length; length++, cuts++) {
        const error = thrownBy(() => Key.decode(bytes.subarray(0, length)));
        const typed =
          error instanceof EncodingError && /^binary key: .*, at byte \d+$/s.test(error.message);
        if (!typed) throw new Error(`${binary} cut off at ${length}: ${error}`);
      }
    }
    expect(cuts).toBeGreaterThan(20_000);
  });

  it('are refused if anything follows them', () => {
    for (const { binary } of keyVectors.keys) {
      const end = binary.length / 2;
      expect(() => Key.decode(hex(`${binary}00`))).toThrow(`1 bytes too many, at byte ${end}`);
    }
  });

  it.each([
    ['nothing', '', /truncated, at byte 0/],
    ['an unknown type', '010300', /unknown type code 3, at byte 1/],
    ['the type of nothing', '010000', /unknown type code 0, at byte 1/],
    ['a large unknown type', '01ffffffffffffffffff0100', /unknown type code 18446744073709551615/],
    ['a known type plus 2^32', '0181808080100000', /unknown type code 4294967297, at byte 1/],
    ['a count beyond the bytes', 'ffffffffffffffff7f', /9223372036854775807 parts in 0 bytes/],
    ['a count of 2^32 parts', '8080808010010201020102', /4294967296 parts in 6 bytes/],
    ['a count of one part too many', '02010201', /truncated, at byte 4/],
    ['a count of more than 64 bits', 'ffffffffffffffffff02', /more than 64 bits, at byte 0/],
    ['a varint of 11 bytes', '0102808080808080808080808000', /more than 64 bits, at byte 2/],
    [
      'a string beyond the bytes',
      '0104056162',
      /length 5 is more than the 2 bytes left, at byte 2/,
    ],
    ['a string of 2^63 bytes', '0104ffffffffffffffff7f', /9223372036854775807 is more than the 0/],
    ['bytes of 2^32 bytes', '0106808080801000', /4294967296 is more than the 1 bytes left/],
    ['a hash of 31 bytes', `0105${'00'.repeat(31)}`, /32 bytes are wanted, 31 are left, at byte 2/],
    ['a string that is not UTF-8', '010401ff', /not UTF-8, at byte 2/],
    ['an overlong string', '010402c080', /not UTF-8/],
    ['a surrogate in UTF-8', '010403eda080', /not UTF-8/],
    ['a bad URL', '020102070120', /bad URL ' ': .*, at byte 4/],
    ['a URL that is not UTF-8', '010701ff', /not UTF-8/],
    ['a transaction id without a hash', '010e0161', /bad transaction id 'a'.*, at byte 2/],
  ])('are refused: %s', (_, bytes, message) => {
    expect(() => Key.decode(hex(bytes))).toThrow(EncodingError);
    expect(() => Key.decode(hex(bytes))).toThrow(message);
  });

  it('may have varints that are longer than needed, as in the original', () => {
    expect(Key.decode(hex('8100018a8000')).equals(Key.of(5))).toBe(true);
    expect(Key.decode(hex('8000')).equals(null)).toBe(true);
  });

  it('can be any Uint8Array, and nothing else', () => {
    const bytes = Key.of('a', 1).encode();
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    expect(Key.decode(shared).equals(Key.of('a', 1))).toBe(true);
    expect(() => Key.decode('00' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => Key.decode(bytes.buffer as unknown as Uint8Array)).toThrow(TypeError);
  });

  it('with changed bytes are another key or an EncodingError, nothing else', () => {
    const random = new Random(runSeed('changed binary keys'));
    let [keys, errors] = [0, 0];
    for (let i = 0; i < 20_000; i++) {
      const bytes = randomKey(random).encode();
      const changes = random.between(1, 3);
      for (let n = 0; n < changes; n++) bytes[random.below(bytes.length)] = random.below(256);
      const error = thrownBy(() => {
        // The key is complete: its stored form is read back as the same key.
        const key = Key.decode(bytes);
        if (!restore(stored(key)).equals(key)) throw new Error(`${key} does not come back`);
        keys++;
      });
      if (error instanceof EncodingError) errors++;
      else if (error !== undefined) throw error;
    }
    expect(Math.min(keys, errors)).toBeGreaterThan(1_000);
  });
});

/** Returns what the function throws, or undefined. */
function thrownBy(run: () => void): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}
