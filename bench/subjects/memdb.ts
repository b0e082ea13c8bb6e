import type { EngineName } from 'accumulate-memdb';
import { AccountUrl, Key, MemDB, uint } from '../harness/package.js';
import type { Reader, Store, Subject, Writer } from './subject.js';

/** The package under test; its batches are the readers and writers. */
export class MemDBStore implements Store<AccountUrl, Key> {
  constructor(readonly db: MemDB) {}

  account(url: string): AccountUrl {
    return AccountUrl.parse(url);
  }

  head(account: AccountUrl): Key {
    return Key.of('Account', account, 'MainChain', 'Head');
  }

  state(account: AccountUrl, index: number | bigint): Key {
    return Key.of('Account', account, 'MainChain', 'States', uint(index));
  }

  element(account: AccountUrl, index: number): Key {
    return Key.of('Account', account, 'MainChain', 'Element', uint(index));
  }

  elementIndex(account: AccountUrl, hash: Uint8Array): Key {
    return Key.of('Account', account, 'MainChain', 'ElementIndex', hash);
  }

  read(): Reader<Key> {
    return this.db.begin();
  }

  begin(): Reader<Key> {
    return this.db.begin();
  }

  update(fn: (writer: Writer<Key>) => void): void {
    const batch = this.db.begin(null, true);
    fn(batch);
    batch.commit();
  }

  close(): void {
    this.db.close();
  }
}

export function memdb(engine: EngineName): Subject {
  return { name: engine, open: () => new MemDBStore(new MemDB({ engine })) };
}
