import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import { PART, type PartDescription } from './brand.js';
import { Bytes32 } from './bytes32.js';
import { EncodingError } from './errors.js';
import { show } from './show.js';
import { AccountUrl } from './url.js';

/**
 * The id of a transaction: its hash, and the account it belongs to. Immutable.
 * @example
 * ```ts
 * const id = TxId.parse(`acc://${'ab'.repeat(32)}@alice.acme`);
 * id.account.toString(); // 'acc://alice.acme'
 * id.hash.length; // 32
 * ```
 */
export class TxId {
  /** Without user info. */
  readonly account: AccountUrl;
  /** The hash. @internal */
  readonly own: Bytes32;

  /**
   * Copies `hash`, and leaves out the account's user info.
   * @throws InvalidKeyError if the hash does not have 32 bytes.
   */
  constructor(account: AccountUrl, hash: Uint8Array) {
    const url = AccountUrl.from(account);
    if (url === undefined) {
      const advice = 'write AccountUrl.parse(text) or TxId.parse(text)';
      throw new TypeError(`an account must be an AccountUrl, not ${show(account)}; ${advice}`);
    }
    this.account = url.withoutUserInfo();
    this.own = Bytes32.from(hash);
  }

  /**
   * Reads a URL whose user info is the transaction's hash in hex.
   * @throws EncodingError if the text is anything else.
   */
  static parse(text: string): TxId {
    const url = AccountUrl.parse(text);
    if (!/^[0-9a-f]{64}$/i.test(url.userInfo)) {
      const why = 'its user info is not 32 bytes in hex';
      throw new EncodingError(`bad transaction id ${show(text)}: ${why}`);
    }
    return new TxId(url, Buffer.from(url.userInfo, 'hex'));
  }

  /** 32 bytes, the caller's own. */
  get hash(): Buffer {
    return this.own.toBuffer();
  }

  /** Whether hash and account are the same. */
  equals(other: TxId): boolean {
    return this.account.equals(other.account) && this.hash.equals(other.hash);
  }

  /** `acc://`, the hash in hex, `@`, and the rest of the account's URL. */
  toString(): string {
    return this.account.toString().replace('acc://', `acc://${this.hash.toString('hex')}@`);
  }

  toJSON(): string {
    return this.toString();
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `TxId ${this}`;
  }

  /** For other copies of the package. @internal */
  [PART](): PartDescription {
    return { type: 'txid', account: this.account.escaped(), hash: this.hash };
  }
}
