/**
 * The class that Buffers are made of: `new View(memory, position, length)` is a Buffer, made in a
 * third of the time of `slab.subarray` or `Buffer.from`.
 */
export const View = (
  Buffer as unknown as {
    [Symbol.species]: new (memory: ArrayBufferLike, position: number, length: number) => Buffer;
  }
)[Symbol.species];
