import { AccountUrl, EncodingError, Key, type ReadBatch, uint } from '../index.js';
import { Chain } from './chain.js';
import { IndexChain } from './indexchain.js';
import { IndexEntry } from './indexentry.js';
import { directory, type Partition, partition } from './partition.js';
import type { Receipt } from './receipt.js';
import { hex } from './show.js';

/**
 * A message from one partition to another.
 * @see syntheticReceipt
 */
export interface SyntheticMessage {
  /** The partition that it comes from, by its URL or its id: `bvn-BVN0.acme` or `BVN0`. */
  readonly source: string | AccountUrl;
  /** The partition that it goes to, by its URL or its id. */
  readonly destination: string | AccountUrl;
  /** Its number in the sequence from the source to the destination. The first is 1. */
  readonly number: number;
}

/**
 * Returns the proof that healing sends with a message. It leads from the message through the source's chains
 * to an anchor of the source's root chain. If the source is not the directory, it leads on to an anchor
 * of the directory's root chain. The receipt is valid.
 *
 * Throws `NotFoundError` whose `key` is the record that is missing. Throws `RangeError` unless the number is an
 * integer of 1 or more. Throws `EncodingError` if a record is damaged, or two chains contradict each other.
 * @example
 * ```ts
 * const message = { source: 'bvn-BVN0.acme', destination: 'bvn-BVN1.acme', number: 17 };
 * try {
 *   db.view((batch) => syntheticReceipt(batch, message)).validate();
 * } catch (error) {
 *   if (!(error instanceof NotFoundError)) throw error;
 *   console.log(`fetch ${error.key} first`);
 * }
 * ```
 */
export function syntheticReceipt(batch: ReadBatch, message: SyntheticMessage): Receipt {
  const source = partition(message.source);
  const own = sourceReceipt(batch, message);
  if (source.id === directory.id) return own;
  const anchors = account(directory, 'anchors').append('AnchorChain', source.id, 'Root');
  const received = step(batch, anchors, indexOf(batch, anchors, own.anchor));
  const root = account(directory, 'ledger').append('RootChain');
  return joined(own, received, step(batch, root, received.anchor));
}

/**
 * Returns the first two parts of `syntheticReceipt`: the proof up to the source's own root chain. It is what
 * a store without records of the directory can prove. Throws what `syntheticReceipt` throws.
 * @see syntheticReceipt
 */
export function sourceReceipt(batch: ReadBatch, message: SyntheticMessage): Receipt {
  const source = partition(message.source);
  const synthetic = account(source, 'synthetic');
  const { id } = partition(message.destination);
  const sequence = synthetic.append('SyntheticSequenceChain', id);
  const { source: sent } = sequenceEntry(batch, sequence, message.number);
  const main = step(batch, synthetic.append('MainChain'), sent);
  const root = step(batch, account(source, 'ledger').append('RootChain'), main.anchor);
  return joined(main.receipt, root);
}

/** A part of a proof. */
interface Step {
  /** The key of the chain. */
  readonly key: Key;
  readonly receipt: Receipt;
  /** The index of the receipt's anchor in the chain that this one is anchored in. */
  readonly anchor: number | bigint;
}

/** Proves entry `i` of a chain as of the first entry of the chain's index at it or after it. */
function step(batch: ReadBatch, key: Key, i: number | bigint): Step {
  const index = new IndexChain(batch, key);
  const found = index.find('source', i).after();
  if (!found) throw missing(batch, index.chain.key, index.count);
  const { source, anchor } = found;
  const chain = new Chain(batch, key);
  const { count } = chain.head();
  if (source >= count) throw missing(batch, key, count);
  return { key, receipt: chain.receipt(Number(i), Number(source)), anchor };
}

/** Returns the receipt continued by the steps. Throws `EncodingError` if a step proves something else. */
function joined(receipt: Receipt, ...steps: readonly Step[]): Receipt {
  let whole = receipt;
  for (const { key, receipt: next } of steps) {
    if (Buffer.compare(whole.anchor, next.start) !== 0) {
      throw new EncodingError(
        `entry ${next.startIndex} of ${key} is not the anchor ${hex(whole.anchor)} of the chain before it`,
      );
    }
    whole = whole.combine(next);
  }
  if (whole.validate()) return whole;
  throw new EncodingError('the records are damaged: the receipt that they give is not valid');
}

function sequenceEntry(batch: ReadBatch, key: Key, number: number): IndexEntry {
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new RangeError(`number ${number} of a message is not an integer of 1 or more`);
  }
  const chain = new Chain(batch, key);
  if (number > chain.head().count) throw missing(batch, key, number - 1);
  return IndexEntry.decode(chain.entry(number - 1), `entry ${number - 1} of ${key}`);
}

function indexOf(batch: ReadBatch, key: Key, hash: Uint8Array): number {
  const index = new Chain(batch, key).indexOf(hash);
  if (index >= 0) return index;
  batch.get(key.append('ElementIndex', hash));
  return index;
}

/** Returns the error for entry `i`, which a chain does not have. */
function missing(batch: ReadBatch, key: Key, i: number): Error {
  // `get` throws for a record that is missing, and knows the batch's prefix.
  batch.get(key.append('Head'));
  batch.get(key.append('Element', uint(i)));
  return new EncodingError(`${key}: entry ${i} is stored, but the head does not count it`);
}

/** Returns the key of an account of a partition. */
function account({ url }: Partition, path: string): Key {
  return Key.of('Account', AccountUrl.parse(`${url}/${path}`));
}
