import { Bytes32 } from './bytes32.js';
import { sha256 } from './sha256.js';
import { escapePath, parseUrl, type UrlFields } from './urlsyntax.js';

/** User info that had escapes, or may have had some. */
const ODD_USER_INFO = /[^\w\-.~!$&'()*+,;=:@]|:$/;

let made = 0;

/** The URL of an Accumulate account; immutable. */
export class AccountUrl implements UrlFields {
  readonly userInfo: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
  #text: string | undefined;
  #id: Bytes32 | undefined;
  readonly #serial = made++ | 0;

  private constructor(fields: UrlFields) {
    this.userInfo = fields.userInfo;
    this.authority = fields.authority;
    this.path = fields.path;
    this.query = fields.query;
    this.fragment = fields.fragment;
  }

  /**
   * Reads a URL, with or without its `acc://`.
   * @throws EncodingError when it is none.
   */
  static parse(text: string): AccountUrl {
    if (typeof text !== 'string') throw new TypeError('the text of a URL is a string');
    return new AccountUrl(parseUrl(text));
  }

  /** SHA-256 of the lower-case host name and path: what a key hashes. 32 bytes, the caller's own. */
  accountId(): Buffer {
    return this.own.toBuffer();
  }

  /** The account id of the URL's host name alone. 32 bytes. */
  identityAccountId(): Buffer {
    return sha256(lowerCase(this.#hostName()));
  }

  /** Which of the thread's URLs this is, for tables by them. @internal */
  get serial(): number {
    return this.#serial;
  }

  /** The account id. @internal */
  get own(): Bytes32 {
    this.#id ??= Bytes32.of(sha256(lowerCase(this.#hostName() + tidyPath(this.path))));
    return this.#id;
  }

  /** The same URL without user info. */
  withoutUserInfo(): AccountUrl {
    return this.userInfo === '' ? this : new AccountUrl({ ...this, userInfo: '' });
  }

  /** Whether both have the same text but for case. */
  equals(other: AccountUrl): boolean {
    return this === other || lowerCase(this.toString()) === lowerCase(other.toString());
  }

  /** As the original prints it, in binary and in JSON too; user info and fragment are not escaped. */
  toString(): string {
    this.#text ??= this.#format(this.userInfo, this.authority, this.fragment);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  /**
   * Whether `parse` reads the text of `toString` back to this very URL: it need not when an
   * escape stood in user info, authority or fragment.
   * @internal
   */
  readsBack(): boolean {
    return (
      !this.authority.includes('%') &&
      !this.fragment.includes('%') &&
      (this.userInfo === '' || !ODD_USER_INFO.test(this.userInfo))
    );
  }

  /**
   * The text with everything escaped, which `parse` always reads back to this very URL.
   * @internal
   */
  escaped(): string {
    return this.#format(
      encodeURIComponent(this.userInfo),
      this.authority.replaceAll('%', '%25'),
      encodeURIComponent(this.fragment),
    );
  }

  #hostName(): string {
    const colon = this.authority.indexOf(':');
    return colon < 0 ? this.authority : this.authority.slice(0, colon);
  }

  #format(userInfo: string, authority: string, fragment: string): string {
    const user = userInfo === '' ? '' : `${userInfo}@`;
    const query = this.query === '' ? '' : `?${this.query}`;
    const path = escapePath(tidyPath(this.path));
    return `acc://${user}${authority}${path}${query}${fragment === '' ? '' : `#${fragment}`}`;
  }
}

/** The path with one slash before it and none after; nothing when it is empty. */
function tidyPath(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === '/') start++;
  while (start < end && path[end - 1] === '/') end--;
  return start === end ? '' : `/${path.slice(start, end)}`;
}

/** Lower case by code point, as Go does: without context (final sigma), and `i` for U+0130. */
export function lowerCase(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text.toLowerCase();
  let lower = '';
  for (const char of text) lower += char === '\u0130' ? 'i' : char.toLowerCase();
  return lower;
}
