import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Key } from 'accumulate-memdb';
import { item, varint } from './model.js';

const shared =
  process.env.MEMDB_SHARED ?? fileURLToPath(new URL('../../../shared', import.meta.url));

/** A file of the shared data; undefined, and said so, where it is not present. */
export function dataFile(name: string): string | undefined {
  const path = `${shared}/data/${name}`;
  if (existsSync(path)) return path;
  process.stdout.write(`skipped: ${name} is not in ${shared}/data\n`);
  return undefined;
}

/** A record of a file. */
export interface TestRecord {
  readonly key: Key;
  readonly value: Uint8Array;
}

/** The JSON list of the records. */
export function jsonList(records: readonly TestRecord[]): string {
  const members = records.map(({ key, value }) => {
    const base64 = Buffer.from(value).toString('base64');
    return `{"Key":${key.stringify()},"Value":"${base64}"}`;
  });
  return `[${members.join(',\n ')}]`;
}

/** Bytes that stand behind a section's header, and the section's type. */
export interface TestSection {
  readonly type: number;
  readonly bytes: Buffer;
}

/** The sections of a snapshot: its header, the records in one section or more, their index. */
export function snapshotSections(
  ...groups: readonly (readonly TestRecord[])[]
): [TestSection, ...TestSection[]] {
  const index: Buffer[] = [];
  const sections = groups.map((records, i): TestSection => {
    const bytes: Buffer[] = [];
    let offset = 0;
    for (const { key, value } of records) {
      const entry = Buffer.alloc(40);
      entry.writeUInt16BE(i + 1, 0);
      entry.writeUIntBE(offset, 2, 6);
      entry.set(key.digest(), 8);
      index.push(entry);
      const record = recordBytes(key.encode(), value);
      bytes.push(record);
      offset += record.length;
    }
    return { type: 7, bytes: Buffer.concat(bytes) };
  });
  index.sort((a, b) => a.compare(b, 8, 40, 8, 40));
  return [{ type: 1, bytes: headerBytes() }, ...sections, { type: 8, bytes: Buffer.concat(index) }];
}

/** The contents of a header section, its length before it. */
export function headerBytes(version = 2): Buffer {
  const ledger = Buffer.from('a system ledger');
  return withLength(
    Buffer.concat([
      varint(1),
      varint(version),
      varint(2),
      Buffer.alloc(32, 7),
      varint(3),
      item(ledger),
    ]),
  );
}

/** A record as a section holds it, its length before it. */
export function recordBytes(key: Uint8Array, value: Uint8Array): Buffer {
  return withLength(Buffer.concat([varint(1), item(key), varint(2), item(value)]));
}

/** Bytes with their length, of 8 bytes, before them. */
export function withLength(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes.length));
  return Buffer.concat([length, bytes]);
}

/** The file of these sections, each at a multiple of `alignment`. */
export function snapshot(sections: readonly TestSection[], alignment = 64): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const [i, { type, bytes }] of sections.entries()) {
    const end = at + 64 + bytes.length;
    const next = Math.ceil(end / alignment) * alignment;
    const header = Buffer.alloc(64);
    header.writeUInt16BE(type, 0);
    header.writeBigUInt64BE(BigInt(bytes.length), 8);
    header.writeBigUInt64BE(i === sections.length - 1 ? 0n : BigInt(next), 16);
    parts.push(header, bytes, Buffer.alloc(next - end));
    at = next;
  }
  return Buffer.concat(parts);
}
