import { AccountUrl, Key } from '../../index.js';
import { sha256 } from '../../record/sha256.js';

/** How many entries a block adds. */
export const BLOCK_SIZE = 100;

/** The key of the chain that the job builds if there is no file. */
export const SYNTHETIC_CHAIN = Key.of(
  'Account',
  AccountUrl.parse('acc://bvn-Apollo.acme/synthetic'),
  'MainChain',
);

/** Returns entry `index` of that chain. */
export function syntheticEntry(index: number): Buffer {
  return sha256(`synthetic transaction ${index}`);
}

/** Returns the entries of the block that begins with entry `start` of `total`. */
export function syntheticBlock(start: number, total: number): Buffer[] {
  const length = Math.min(BLOCK_SIZE, total - start);
  return Array.from({ length }, (_, i) => syntheticEntry(start + i));
}
