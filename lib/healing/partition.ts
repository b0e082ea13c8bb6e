import { AccountUrl, EncodingError } from '../index.js';

/** A partition of the network: the directory, or a block validator network. */
export interface Partition {
  readonly url: AccountUrl;
  /** What records call it: `directory` or, for `bvn-X.acme`, `x`. */
  readonly id: string;
}

const DIRECTORY = 'directory';
const DIRECTORY_URL = AccountUrl.parse('acc://dn.acme');

/** The directory network. */
export const directory: Partition = { url: DIRECTORY_URL, id: DIRECTORY };

/**
 * Returns the partition of that URL (`dn.acme`, `acc://bvn-BVN0.acme`) or id (`directory`, `BVN0`). Throws
 * `EncodingError` if it is neither.
 */
export function partition(name: string | AccountUrl): Partition {
  const text = String(name);
  const url = AccountUrl.parse(text);
  const host = url.authority.toLowerCase();
  if (String(url).length > `acc://${host}`.length) throw notPartition(text);
  if (host === 'dn.acme' || host === DIRECTORY) return directory;
  const [, id] = /^bvn-([^.]+)\.acme$/.exec(host) ?? [];
  if (id) return { url, id };
  if (host.includes('.')) throw notPartition(text);
  return { url: AccountUrl.parse(`acc://bvn-${url.authority}.acme`), id: host };
}

function notPartition(text: string): EncodingError {
  return new EncodingError(`${text} is no partition; write dn.acme, bvn-NAME.acme, or its NAME`);
}
