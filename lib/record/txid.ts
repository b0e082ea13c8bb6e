import { EncodingError, InvalidKeyError } from './errors.js';
import { show } from './show.js';
import { AccountUrl } from './url.js';

/** The id of a transaction: its hash, and the account it is of; immutable. */
export class TxId {
  readonly account: AccountUrl;
  readonly #hash: Uint8Array;

  /**
   * `hash` is copied; the account's user info is left out.
   * @throws InvalidKeyError when the hash has not 32 bytes.
   */
  constructor(account: AccountUrl, hash: Uint8Array) {
    if (hash.length !== 32) {
      throw new InvalidKeyError(`a transaction hash has 32 bytes, not ${hash.length}`);
    }
    this.account = account.withoutUserInfo();
    this.#hash = new Uint8Array(hash);
  }

  /**
   * Reads a URL whose user info is the transaction's hash in hex.
   * @throws EncodingError when it is none.
   */
  static parse(text: string): TxId {
    const url = AccountUrl.parse(text);
    if (!/^[0-9a-f]{64}$/i.test(url.userInfo)) {
      throw new EncodingError(
        `bad transaction id ${show(text)}: its user info is no hash of 32 bytes`,
      );
    }
    return new TxId(url, Buffer.from(url.userInfo, 'hex'));
  }

  /** 32 bytes, the caller's own. */
  get hash(): Buffer {
    return Buffer.from(this.#hash);
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
}
