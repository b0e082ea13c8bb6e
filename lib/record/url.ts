import type { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import { describe, PART, type PartDescription } from './brand.js';
import { Bytes32 } from './bytes32.js';
import { lowerCase } from './lowercase.js';
import { sha256 } from './sha256.js';
import { show } from './show.js';
import { formatUrl, type ParsedUrl, parseUrl, tidyPath, type UrlFields } from './urlsyntax.js';

/** User info that had escapes, or may have had some. */
const ODD_USER_INFO = /[^\w\-.~!$&'()*+,;=:@]|:$/;

/** What only this module can pass to the constructor. */
const INSIDE = Symbol('AccountUrl');

let made = 0;

/**
 * The URL of an Accumulate account. Immutable.
 * @example
 * ```ts
 * const url = AccountUrl.parse('alice.acme/tokens?page=2');
 * url.toString(); // 'acc://alice.acme/tokens?page=2'
 * url.authority; // 'alice.acme'
 * url.accountId().equals(AccountUrl.parse('ALICE.acme/tokens').accountId()); // true
 * ```
 */
export class AccountUrl implements UrlFields {
  /** The text in lower case, which makes two URLs equal. The only field that test libraries compare. @internal */
  readonly lower: string;
  readonly #fields: UrlFields;
  readonly #text: string;
  #id: Bytes32 | undefined;
  readonly #serial = made++ | 0;

  private constructor(fields: ParsedUrl, inside?: typeof INSIDE) {
    if (inside !== INSIDE) throw new TypeError('use AccountUrl.parse(...) to make an AccountUrl');
    this.#fields = fields;
    this.#text = fields.text ?? formatUrl(fields);
    this.lower = lowerCase(this.#text);
  }

  /**
   * Reads a URL, with or without its `acc://`.
   * @throws EncodingError if the text is not a URL of an account.
   */
  static parse(text: string): AccountUrl {
    if (typeof text !== 'string') {
      throw new TypeError(`the text of a URL must be a string, not ${show(text)}`);
    }
    return new AccountUrl(parseUrl(text), INSIDE);
  }

  /** Returns the value itself or, if it comes from another copy of the package, its like. @internal */
  static from(value: unknown): AccountUrl | undefined {
    if (value instanceof AccountUrl) return value;
    const described = describe(value, PART) as PartDescription | undefined;
    return described?.type === 'url' ? AccountUrl.parse(described.text) : undefined;
  }

  /** User name, then `:` and password if there is one. Empty if there is no user name. */
  get userInfo(): string {
    return this.#fields.userInfo;
  }

  /** Host and port. */
  get authority(): string {
    return this.#fields.authority;
  }

  /** Empty, or begins with a slash. */
  get path(): string {
    return this.#fields.path;
  }

  /** As it was written, with its escapes. */
  get query(): string {
    return this.#fields.query;
  }

  get fragment(): string {
    return this.#fields.fragment;
  }

  /** SHA-256 of the lower-case host name and path, which a key hashes. 32 bytes, the caller's own. */
  accountId(): Buffer {
    return this.own.toBuffer();
  }

  /** The account id of the host name alone. 32 bytes, the caller's own. */
  identityAccountId(): Buffer {
    return sha256(lowerCase(this.#hostName()));
  }

  /** Counts the URLs of this thread, for tables of them. @internal */
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
    if (this.userInfo === '') return this;
    return new AccountUrl({ ...this.#fields, userInfo: '', text: undefined }, INSIDE);
  }

  /** Whether both have the same text, except for case. */
  equals(other: AccountUrl): boolean {
    return this.lower === (other instanceof AccountUrl ? other.lower : lowerCase(`${other}`));
  }

  /** As the original prints it, also in binary and in JSON. User info and fragment are not escaped. */
  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `AccountUrl ${this.#text}`;
  }

  /** For other copies of the package. @internal */
  [PART](): PartDescription {
    return { type: 'url', text: this.escaped() };
  }

  /**
   * Whether `parse` reads the text back to this very URL. If an escape stood in user info, authority
   * or fragment, it need not.
   * @internal
   */
  readsBack(): boolean {
    const { userInfo, authority, fragment } = this.#fields;
    return (
      !authority.includes('%') &&
      !fragment.includes('%') &&
      (userInfo === '' || !ODD_USER_INFO.test(userInfo))
    );
  }

  /**
   * The text with everything escaped, which `parse` always reads back to this very URL.
   * @internal
   */
  escaped(): string {
    const { userInfo, authority, fragment } = this.#fields;
    return formatUrl({
      ...this.#fields,
      userInfo: encodeURIComponent(userInfo),
      authority: authority.replaceAll('%', '%25'),
      fragment: encodeURIComponent(fragment),
    });
  }

  #hostName(): string {
    const { authority } = this.#fields;
    const colon = authority.indexOf(':');
    return colon < 0 ? authority : authority.slice(0, colon);
  }
}
