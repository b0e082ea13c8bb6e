import { closeSync, openSync, readSync } from 'node:fs';

/** The C libraries that a binary for Linux can need. They are incompatible. */
export type Libc = 'glibc' | 'musl';

/** Where a 64-bit little-endian ELF file says what it consists of; see elf(5). */
const HEADER = { size: 64, segments: 32, segmentSize: 54, segmentCount: 56 } as const;
const SEGMENT = { type: 0, offset: 8, size: 32 } as const;
/** The type of the segment that names the dynamic loader. */
const PT_INTERP = 3;

/**
 * Returns the C library of the running program, which follows from its dynamic loader. Returns undefined if
 * that is not known: there is only one such library, or the program's file cannot be read.
 */
export function ownLibc(): Libc | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const loader = loaderOf(process.execPath);
    if (!loader) return undefined;
    return /\bld-musl-/.test(loader) ? 'musl' : 'glibc';
  } catch {
    return undefined;
  }
}

/** Returns the path of the dynamic loader of an ELF file. Returns undefined if it names none. */
function loaderOf(program: string): string | undefined {
  const file = openSync(program, 'r');
  try {
    const read = (position: number, length: number) => {
      const bytes = Buffer.alloc(length);
      readSync(file, bytes, 0, length, position);
      return bytes;
    };
    const header = read(0, HEADER.size);
    if (header.readUInt32BE() !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1)
      return undefined;
    const size = header.readUInt16LE(HEADER.segmentSize);
    const count = header.readUInt16LE(HEADER.segmentCount);
    const segments = read(Number(header.readBigUInt64LE(HEADER.segments)), size * count);
    for (let at = 0; at < segments.length; at += size) {
      if (segments.readUInt32LE(at + SEGMENT.type) !== PT_INTERP) continue;
      const [position, length] = [SEGMENT.offset, SEGMENT.size].map((field) =>
        Number(segments.readBigUInt64LE(at + field)),
      ) as [number, number];
      return read(position, Math.min(length, 4096)).toString('latin1').replace(/\0.*$/s, '');
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}
