import { EncodingError, Key, uint } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';

describe('JSON text', () => {
  it.each([
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
  ])('keeps every digit of %s', (digits) => {
    const key = Key.parse(`[{"int":${digits}}]`);
    expect(key.stringify()).toBe(`[{"int":${digits}}]`);
    expect(BigInt(key.at(0) as number | bigint)).toBe(BigInt(digits));
  });

  it('keeps every digit of an unsigned integer, and of an integer among other parts', () => {
    const text = '[{"string":"a"},{"uint":18446744073709551615},{"int":9007199254740993}]';
    expect(Key.parse(text).stringify()).toBe(text);
  });

  it('never changes digits in strings, even if they look like an integer member', () => {
    const text = '[{"string":"\\"int\\":9007199254740993,\\\\"},{"string":"{\\"uint\\" : 7}"}]';
    expect(Key.parse(text).stringify()).toBe(text);
    expect(Key.parse(text).at(0)).toBe('"int":9007199254740993,\\');
  });

  it('may have spaces and escapes', () => {
    const text = ' [ { "int" :\n 9007199254740993 } ,\t{ "\\u0073tring" : "\\u0041" } ] ';
    expect(Key.parse(text).equals(Key.of(9007199254740993n, 'A'))).toBe(true);
  });

  it.each([
    ['no JSON', '[', /JSON key: .*position 1|JSON key: .*end of JSON/],
    ['nothing', '', /JSON key: /],
    ['an object', '{"int":1}', /not an array/],
    ['a string', '"a"', /not an array/],
    ['a bare part', '["a"]', /part 0: it is not an object of one member/],
    ['a null part', '[null]', /part 0: it is not an object of one member/],
    ['a list as part', '[["int"]]', /part 0: it is not an object of one member/],
    ['no member', '[{"int":1},{}]', /part 1: it is not an object of one member/],
    ['two members', '[{"int":1,"uint":1}]', /part 0: it is not an object of one member/],
    ['an unknown type', '[{"float":1}]', /part 0: unknown type 'float'/],
    ['a type of objects', '[{"__proto__":1}]', /part 0: unknown type '__proto__'/],
    ['a fraction', '[{"int":1.5}]', /part 0: the value is not an integer of 64 bits/],
    ['a fraction of nothing', '[{"int":1.0}]', /not an integer of 64 bits/],
    ['a fraction lost in a double', '[{"int":9007199254740990.6}]', /not an integer of 64 bits/],
    ['an exponent', '[{"int":1e3}]', /not an integer of 64 bits/],
    ['an int too large', '[{"int":9223372036854775808}]', /not an integer of 64 bits/],
    ['an int too small', '[{"int":-9223372036854775809}]', /not an integer of 64 bits/],
    ['a very long int', `[{"int":${'9'.repeat(1_000)}}]`, /not an integer of 64 bits/],
    ['an int that is null', '[{"int":null}]', /not an integer of 64 bits/],
    ['a negative uint', '[{"uint":-1}]', /not an unsigned integer of 64 bits/],
    ['a uint too large', '[{"uint":18446744073709551616}]', /not an unsigned integer of 64 bits/],
    ['a number for a string', '[{"string":5}]', /not a string/],
    ['a number for bytes', '[{"bytes":12}]', /not a string/],
    ['a lone surrogate', '[{"string":"\\ud800"}]', /lone surrogate/],
    ['odd hex', '[{"bytes":"abc"}]', /bad hex/],
    ['bad hex', '[{"bytes":"xx"}]', /bad hex/],
    ['a short hash', '[{"hash":"abcd"}]', /2 bytes instead of 32/],
    ['a bad URL', '[{"url":"http://a"}]', /part 0: bad URL/],
    ['a bad time', '[{"time":"2001-02-30T00:00:00Z"}]', /part 0: .*not an RFC 3339 time/],
    ['a bad transaction id', '[{"txid":"acc://a"}]', /part 0: bad transaction id/],
  ])('is refused: %s', (_, text, message) => {
    expect(() => Key.parse(text)).toThrow(EncodingError);
    expect(() => Key.parse(text)).toThrow(message);
  });

  it('must be a string', () => {
    expect(() => Key.parse(null as unknown as string)).toThrow(TypeError);
  });
});

describe('JSON values', () => {
  it('write integers beyond 2^53 as decimal strings', () => {
    const key = Key.of(-5, 2n ** 53n - 1n, 2n ** 53n, uint(7), uint(2n ** 64n - 1n));
    const value = key.toJSON();
    expect(value).toEqual([
      { int: -5 },
      { int: 9007199254740991 },
      { int: '9007199254740992' },
      { uint: 7 },
      { uint: '18446744073709551615' },
    ]);
    expect(Key.fromJSON(JSON.parse(JSON.stringify(value))).equals(key)).toBe(true);
  });

  it('may give any integer as a decimal string', () => {
    expect(Key.fromJSON([{ int: '-5' }, { uint: '0' }]).equals(Key.of(-5, uint(0)))).toBe(true);
  });

  it.each([
    [2 ** 53],
    [1.5],
    ['1.5'],
    ['0x5'],
    ['05'],
    ['+5'],
    [' 5'],
    [''],
    ['9223372036854775808'],
    [true],
    [undefined],
  ])('are refused if an integer is %j', (int) => {
    expect(() => Key.fromJSON([{ int }])).toThrow(EncodingError);
  });

  it('are the empty key if they are null, and refused if they are undefined', () => {
    expect(Key.fromJSON(null).length).toBe(0);
    expect(() => Key.fromJSON(undefined)).toThrow(EncodingError);
  });

  it('may give hex in upper or lower case', () => {
    expect(Key.fromJSON([{ bytes: 'aAfF' }]).toString()).toBe('aaff');
  });
});
