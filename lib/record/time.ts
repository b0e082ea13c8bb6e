import { inspect } from 'node:util';
import { PART, type PartDescription } from './brand.js';
import { EncodingError, InvalidKeyError } from './errors.js';
import { show } from './show.js';
import { asInt64, type Integer } from './varint.js';

/** The seconds of 400 years, after which the Gregorian calendar repeats itself. */
const CYCLE = 146_097n * 86_400n;

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * A time part of a key: whole seconds since 1970, in UTC.
 * @example
 * ```ts
 * Time.parse('2024-05-06T07:08:09Z').seconds; // 1714979289
 * Key.of(new Date(0)).at(0) instanceof Time; // true
 * ```
 */
export class Time {
  /** Any signed 64-bit integer. It is a bigint if it is not a safe integer. */
  readonly seconds: Integer;

  /** @throws InvalidKeyError if the seconds are not an integer of 64 bits. */
  constructor(seconds: Integer) {
    const value = asInt64(seconds);
    if (value === undefined) {
      throw new InvalidKeyError(`the seconds of a time must be an integer, not ${show(seconds)}`);
    }
    this.seconds = value;
  }

  /**
   * Returns the second that the date is in.
   * @throws InvalidKeyError if the date is invalid.
   */
  static of(date: Date): Time {
    const milliseconds = date.getTime();
    if (Number.isNaN(milliseconds)) throw new InvalidKeyError('the date is invalid');
    return new Time(Math.floor(milliseconds / 1000));
  }

  /**
   * Reads RFC 3339, strictly. A fraction of a second is dropped.
   * @throws EncodingError if the text is anything else, or if no such time exists.
   */
  static parse(text: string): Time {
    const match = RFC3339.exec(text);
    if (match === null) throw badTime(text);
    const field = (i: number) => Number(match[i] ?? 0);
    const [year, month, day] = [field(1), field(2), field(3)];
    const [hour, minute, second] = [field(4), field(5), field(6)];
    const [offsetHour, offsetMinute] = [field(8), field(9)];
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    const real =
      date.getUTCMonth() === month - 1 &&
      date.getUTCDate() === day &&
      hour < 24 &&
      minute < 60 &&
      second < 60 &&
      offsetHour < 24 &&
      offsetMinute < 60;
    if (!real) throw badTime(text);
    const offset = (offsetHour * 60 + offsetMinute) * (match[7] === '-' ? -60 : 60);
    return new Time(date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset);
  }

  /**
   * Returns RFC 3339, in UTC.
   * @throws EncodingError if the year does not have four digits.
   */
  toJSON(): string {
    const { year, date, clock } = this.#fields();
    if (!/^\d{4}$/.test(year)) throw new EncodingError(`RFC 3339 has no year ${year}`);
    return `${year}-${date}T${clock}Z`;
  }

  /** Returns what Go prints: `2006-01-02 15:04:05 +0000 UTC`. */
  toString(): string {
    const { year, date, clock } = this.#fields();
    return `${year}-${date} ${clock} +0000 UTC`;
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `Time ${this}`;
  }

  /** For other copies of the package. @internal */
  [PART](): PartDescription {
    return { type: 'time', seconds: this.seconds };
  }

  /** A `Date` covers 0.0001 % of 64 bits, so it computes only the place within a cycle. */
  #fields() {
    const seconds = BigInt(this.seconds);
    // A time in the years 1570 to 2370.
    const iso = new Date(Number(seconds % CYCLE) * 1000).toISOString();
    const year = (seconds / CYCLE) * 400n + BigInt(iso.slice(0, 4));
    const digits = `${year < 0n ? -year : year}`.padStart(4, '0');
    return {
      year: year < 0n ? `-${digits}` : digits,
      date: iso.slice(5, 10),
      clock: iso.slice(11, 19),
    };
  }
}

function badTime(text: string): EncodingError {
  return new EncodingError(`${show(text)} is not an RFC 3339 time`);
}
