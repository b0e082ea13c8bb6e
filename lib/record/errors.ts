import { limit } from './show.js';

/**
 * The base of every error that this package throws on purpose. Wrong types of arguments are plain
 * `TypeError`s.
 */
export abstract class MemDBError extends Error {
  static {
    nameErrors(MemDBError, 'MemDBError');
  }

  /** Names the kind of error. Messages may change between releases, codes do not. */
  abstract readonly code: `ERR_${string}`;

  constructor(message = '', options?: ErrorOptions) {
    super(limit(message), options);
  }

  /** Returns what a log needs. `JSON.stringify` of any error works. */
  toJSON(): Record<string, unknown> {
    return { name: this.name, code: this.code, message: this.message };
  }
}

/** A key cannot hold the part, or the key cannot be hashed. */
export class InvalidKeyError extends MemDBError {
  static {
    nameErrors(InvalidKeyError, 'InvalidKeyError');
  }
  readonly code = 'ERR_INVALID_KEY';
}

/** Binary data, JSON or URL text is malformed. The message says what is wrong and where. */
export class EncodingError extends MemDBError {
  static {
    nameErrors(EncodingError, 'EncodingError');
  }
  readonly code = 'ERR_ENCODING';
}

/**
 * Sets the name of a class's errors, on its prototype: stack traces show it there, and minifiers
 * cannot change it.
 */
export function nameErrors(type: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(type.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}
