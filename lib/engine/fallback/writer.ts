import type { Heap } from './heap.js';
import { DELETED, Entry, type Ref } from './layout.js';
import { byteOf, type Memory } from './memory.js';
import { copy, type Pending, Record } from './pending.js';
import type { Retired } from './retired.js';
import type { Table } from './table.js';
import type { VersionIndex } from './versionindex.js';

/** By how much what is published grows. */
export interface Growth {
  entries: number;
  bytes: number;
}

/**
 * Puts the entries of a commit into the table. Until their version is published nobody sees them,
 * and they can be withdrawn. For the owner of the transaction mutex alone.
 */
export class Writer {
  private readonly memory: Memory;
  private readonly heap: Heap;
  private readonly table: Table;
  private readonly versions: VersionIndex;
  private readonly retired: Retired;
  /** What was linked since the last `forget`. */
  linked: Ref[] = [];

  constructor(memory: Memory, heap: Heap, table: Table, versions: VersionIndex, retired: Retired) {
    this.memory = memory;
    this.heap = heap;
    this.table = table;
    this.versions = versions;
    this.retired = retired;
  }

  /** Links an entry of `version` for each write; undefined when memory cannot be allocated for all of them. */
  link(writes: Pending, version: number): Growth | undefined {
    const growth = { entries: 0, bytes: 0 };
    const end = writes.count * Record.Words;
    for (let record = 0; record < end; record += Record.Words) {
      if (!this.linkOne(writes, record, version, growth)) return undefined;
    }
    return growth;
  }

  /** Undoes what `link` has done. */
  withdraw(): void {
    const { table, retired, linked } = this;
    for (let n = linked.length - 1; n >= 0; n--) {
      table.withdraw(linked[n] as Ref);
      retired.add(linked[n] as Ref);
    }
    this.forget();
  }

  forget(): void {
    if (this.linked.length > 0) this.linked = [];
  }

  private linkOne(writes: Pending, record: number, version: number, growth: Growth): boolean {
    const { memory, table } = this;
    const { records } = writes;
    const tag = records[record + Record.Tag] as number;
    const older = table.find(tag, records, record + Record.Digest);
    const replaces = older !== 0 && memory.word(older + Entry.ValueLength) !== DELETED;
    const deletes = records[record + Record.ValueLength] === DELETED;
    if (deletes && !replaces) return true;
    const index = older === 0 ? 0 : this.versions.extend(older);
    const entry = this.write(writes, record, version, older, index);
    if (entry === 0) return false;
    if (older !== 0) {
      memory.setWord(older + Entry.Newer, entry);
      table.replace(entry);
    } else if (!table.add(tag, entry)) {
      this.heap.free(entry);
      return false;
    }
    this.linked.push(entry);
    if (replaces) {
      growth.entries--;
      growth.bytes -= this.sizeOf(older);
    }
    if (!deletes) {
      growth.entries++;
      growth.bytes += this.sizeOf(entry);
    }
    return true;
  }

  /** A new entry, or 0 when memory cannot be allocated. */
  private write(writes: Pending, record: number, version: number, older: Ref, index: number): Ref {
    const { memory } = this;
    const { records } = writes;
    const keyLength = records[record + Record.KeyLength] as number;
    const valueLength = records[record + Record.ValueLength] as number;
    const size = keyLength + (valueLength === DELETED ? 0 : valueLength);
    const entry = this.heap.allocate(Entry.Data + ((size + 3) >> 2));
    if (entry === 0) return 0;
    memory.setNumber(entry + Entry.Version, version);
    const { words } = memory;
    words[entry + Entry.Older] = older;
    words[entry + Entry.Newer] = 0;
    words[entry + Entry.KeyLength] = keyLength;
    words[entry + Entry.ValueLength] = valueLength;
    words[entry + Entry.Index] = index;
    for (let n = 0; n < 8; n++) {
      words[entry + Entry.Digest + n] = records[record + Record.Digest + n] as number;
    }
    const data = byteOf(entry + Entry.Data);
    copy(writes.array(record), writes.start(record), size, memory.bytes, data);
    return entry;
  }

  /** The bytes of the key and the value of an entry that is no deletion. */
  private sizeOf(entry: Ref): number {
    return this.memory.word(entry + Entry.KeyLength) + this.memory.word(entry + Entry.ValueLength);
  }
}
