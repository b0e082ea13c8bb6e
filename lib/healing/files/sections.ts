import { EncodingError } from '../../index.js';
import type { Output } from './output.js';
import type { Window } from './window.js';

/** The types of snapshot sections that are read. */
export const SectionType = { Header: 1, Records: 7, Index: 8 } as const;

/** The contents of the types of sections that are not read. */
const UNREAD: Readonly<Record<number, string>> = {
  2: 'accounts, of version 1',
  3: 'transactions, of version 1',
  4: 'signatures, of version 1',
  5: 'compressed transactions, of version 1',
  6: 'another snapshot',
  9: 'the BPT, as pairs of hash and value',
  10: 'parameters of the consensus',
  11: 'the BPT, as records',
  12: "CometBFT's state database",
  13: "CometBFT's block store",
  14: "Accumulate's database",
};

/** Returns a sentence that says that a section was not read; undefined if its type is read. */
export function noteOn({ number, type, size }: Section): string | undefined {
  if (Object.values<number>(SectionType).includes(type)) return undefined;
  const content = UNREAD[type] ?? `contents of an unknown type, ${type}`;
  return `section ${number} was not read: ${content} (${size} bytes)`;
}

/** A section of a snapshot: its number in the file (from 0), and the place of its bytes. */
export interface Section {
  readonly number: number;
  readonly type: number;
  readonly start: number;
  readonly size: number;
}

/** A section's header: 2 bytes of type, 6 unused, 8 of size, 8 of the next one's place, zeros. */
const HEADER_SIZE = 64;
/** Writers of snapshots begin each section at a multiple of this. */
const ALIGNMENT = 64;
/** There are no more sections than a section number of 16 bits can count. */
const MAX_SECTIONS = 1 << 16;

/** Writes the sections of a snapshot, one after the other. */
export class SectionWriter {
  readonly #output: Output;
  #number = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** The number of the next section. */
  get number(): number {
    return this.#number;
  }

  /** Adds a section of `parts`, which have `size` bytes in all. */
  add(type: number, parts: readonly Uint8Array[], size: number, isLast = false): void {
    if (this.#number++ === MAX_SECTIONS)
      throw new EncodingError('more records than a snapshot holds');
    const end = this.#output.position + HEADER_SIZE + size;
    const next = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const header = Buffer.alloc(HEADER_SIZE);
    header.writeUInt16BE(type, 0);
    header.writeBigUInt64BE(BigInt(size), 8);
    header.writeBigUInt64BE(isLast ? 0n : BigInt(next), 16);
    this.#output.add(header);
    for (const part of parts) this.#output.add(part);
    this.#output.add(Buffer.alloc(next - end));
  }
}

/**
 * Reads the headers of a snapshot's sections. Throws `EncodingError` unless every section is within
 * the file and after the section before it.
 */
export async function readSections(window: Window, fileSize: number): Promise<Section[]> {
  const sections: Section[] = [];
  let at = 0;
  for (;;) {
    const number = sections.length;
    const what = `section ${number}, at byte ${at}`;
    if (fileSize - at < HEADER_SIZE) {
      throw new EncodingError(
        `${what}: the header is cut off by the file's end at byte ${fileSize}`,
      );
    }
    const header = await window.read(at, HEADER_SIZE);
    const type = header.readUInt16BE(0);
    const size = header.readBigUInt64BE(8);
    const next = header.readBigUInt64BE(16);
    if (!isZero(header.subarray(24))) throw new EncodingError(`${what}: not a section header`);
    if (number === 0 && type !== SectionType.Header) {
      throw new EncodingError(`${what}: type ${type}, where a snapshot has its header`);
    }
    const start = at + HEADER_SIZE;
    if (size > fileSize - start) {
      throw new EncodingError(`${what}: ${size} bytes, of which the file has ${fileSize - start}`);
    }
    const end = start + Number(size);
    sections.push({ number, type, start, size: Number(size) });
    if (next === 0n) return sections;
    if (next < end || next - BigInt(end) >= ALIGNMENT) {
      throw new EncodingError(`${what}: it ends at byte ${end}, the next begins at byte ${next}`);
    }
    at = Number(next);
  }
}

/**
 * Checks that fewer than 64 zeros, and nothing else, follow each section. The last section must be
 * padded like the others, so that a truncated file is noticed. Throws `EncodingError`.
 */
export async function checkPadding(
  window: Window,
  sections: readonly Section[],
  fileSize: number,
): Promise<void> {
  let padded = false;
  for (const [i, section] of sections.entries()) {
    const end = section.start + section.size;
    const next = sections[i + 1];
    const limit = next ? next.start - HEADER_SIZE : fileSize;
    const full = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    if (!next && padded && fileSize < full) {
      throw new EncodingError(`the file ends at byte ${fileSize}, where byte ${full} is expected`);
    }
    const rest = limit - end;
    if (rest >= ALIGNMENT || !isZero(await window.read(end, rest))) {
      throw new EncodingError(`bytes after the end of section ${section.number}, at byte ${end}`);
    }
    padded ||= rest > 0;
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
