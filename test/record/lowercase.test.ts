import { createHash } from 'node:crypto';
import { AccountUrl, Key } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { lowerCase } from '../../dist/lib/record/lowercase.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const accountId = (text: string) => AccountUrl.parse(text).accountId().toString('hex');
const codePoints = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i));

/** What Unicode 15.1, 16.0 and 17.0 added to the letters that have a lower case. */
const LATER = new Set([
  ...'\u1c89\ua7cb\ua7cc\ua7ce\ua7d2\ua7d4\ua7da\ua7dc',
  ...codePoints(0x10d50, 0x10d65),
  ...codePoints(0x16ea0, 0x16eb8),
]);

describe('the account id does not change with the Unicode version of the runtime', () => {
  it.each([...LATER])('%s has no lower case', (letter) => {
    const host = `x${letter}x.acme`;
    expect(accountId(`acc://${host}`)).toBe(sha256(host));
    expect(Key.of(AccountUrl.parse(host)).digest().toString('hex')).toBe(
      Key.of(Buffer.from(sha256(host), 'hex'))
        .digest()
        .toString('hex'),
    );
    expect(AccountUrl.parse(host).equals(AccountUrl.parse(host.toUpperCase()))).toBe(true);
    expect(AccountUrl.parse(host).equals(AccountUrl.parse(host.toLowerCase()))).toBe(
      host === host.toLowerCase(),
    );
  });

  it.each([
    ['İ', 'i'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['ẞ', 'ß'],
    ['ǅ', 'ǆ'],
    ['K', 'k'],
    ['Ა', 'ა'],
    ['𞤀', '𞤢'],
  ])('%s becomes %s', (upper, lower) => {
    expect(accountId(`acc://${upper}.acme/${upper}`)).toBe(sha256(`${lower}.acme/${lower}`));
  });
});

describe('the table of lower case', () => {
  it('is that of Unicode 15.0', () => {
    const hex = (text: string) => text.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    const lines = createHash('sha256');
    let count = 0;
    for (const letter of codePoints(0, 0x10ffff)) {
      const lower = lowerCase(letter);
      if (lower === letter) continue;
      lines.update(`${hex(letter)} ${hex(lower)}\n`);
      count++;
    }
    expect(count).toBe(1433);
    // awk -F';' '$14 != "" { print $1, $14 }' UnicodeData.txt | sha256sum
    expect(lines.digest('hex')).toBe(
      '59f382a897374c06b30509d27955fad4e655941a5ed9f1e15af87affafc617cf',
    );
  });

  it('is that of this runtime, except for what later versions added', () => {
    for (const letter of codePoints(0, 0x10ffff)) {
      const expected = letter === 'İ' ? 'i' : LATER.has(letter) ? letter : letter.toLowerCase();
      if (lowerCase(letter) !== expected) expect(lowerCase(letter)).toBe(expected);
    }
  });
});
