import { EncodingError, InvalidKeyError, Key, Time } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';

describe('times', () => {
  it.each<[string, number]>([
    ['1970-01-01T00:00:00Z', 0],
    ['2000-02-29T12:34:56Z', 951827696],
    ['2000-02-29T12:34:56.999999999Z', 951827696],
    ['2000-02-29T12:34:56+00:00', 951827696],
    ['2000-02-29T13:34:56+01:00', 951827696],
    ['2000-02-28T23:04:56-13:30', 951827696],
    ['1969-12-31T23:59:59.5Z', -1],
    ['0000-01-01T00:00:00Z', -62167219200],
    ['0099-12-31T23:59:59Z', -59011459201],
    ['9999-12-31T23:59:59Z', 253402300799],
  ])('are read from RFC 3339: %s', (text, seconds) => {
    expect(Time.parse(text).seconds).toBe(seconds);
  });

  it.each([
    '2001-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2001-00-01T00:00:00Z',
    '2001-13-01T00:00:00Z',
    '2001-01-00T00:00:00Z',
    '2001-01-32T00:00:00Z',
    '2001-01-01T24:00:00Z',
    '2001-01-01T00:60:00Z',
    '2001-01-01T00:00:60Z',
    '2001-01-01T00:00:00+24:00',
    '2001-01-01T00:00:00+00:60',
    '2001-01-01T00:00:00',
    '2001-01-01T00:00:00z',
    '2001-01-01t00:00:00Z',
    '2001-01-01 00:00:00Z',
    '2001-01-01T00:00Z',
    '2001-01-01T00:00:00.Z',
    '2001-01-01T00:00:00,5Z',
    '2001-01-01T0:00:00Z',
    '2001-01-01T00:00:00+0000',
    '+002001-01-01T00:00:00Z',
    '2001-01-01',
    ' 2001-01-01T00:00:00Z',
    '2001-01-01T00:00:00Z\n',
    '',
  ])('are refused: %j', (text) => {
    expect(() => Time.parse(text)).toThrow(EncodingError);
  });

  it.each<[number | bigint, string]>([
    [-62135596800, '0001-01-01 00:00:00 +0000 UTC'],
    [-62167219201, '-0001-12-31 23:59:59 +0000 UTC'],
    [253402300800, '10000-01-01 00:00:00 +0000 UTC'],
    [8_640_000_000_001, '275760-09-13 00:00:01 +0000 UTC'],
    [1_000_000_000_000_000n, '31690708-07-05 01:46:40 +0000 UTC'],
    [-1_000_000_000_000_000n, '-31686769-06-29 22:13:20 +0000 UTC'],
  ])('have a text, however far away they are: %s', (seconds, text) => {
    expect(new Time(seconds).toString()).toBe(text);
    expect(Key.decode(Key.of(new Time(seconds)).encode()).toString()).toBe(text);
  });

  it('have JSON only from the year 0 to 9999', () => {
    expect(new Time(253402300799).toJSON()).toBe('9999-12-31T23:59:59Z');
    expect(() => new Time(253402300800).toJSON()).toThrow(EncodingError);
    expect(() => new Time(-62167219201).toJSON()).toThrow(EncodingError);
    expect(() => Key.of(new Time(2n ** 63n - 1n)).stringify()).toThrow(/no year 292277026596/);
  });

  it('are whole seconds of 64 bits', () => {
    for (const seconds of [1.5, Number.NaN, 2n ** 63n]) {
      expect(() => new Time(seconds)).toThrow(InvalidKeyError);
    }
    expect(() => Time.of(new Date(Number.NaN))).toThrow(InvalidKeyError);
  });
});
