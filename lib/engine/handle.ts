/**
 * The first words of every database handle (a `SharedArrayBuffer`), the same
 * for both engines, so that `MemDB.attach` can tell which engine it is for
 * before any engine looks at it. They say what the handle claims to be; whether
 * it is one is decided by the engine.
 */
export const HandleWord = {
  /** HANDLE_MAGIC. */
  Magic: 0,
  /** HANDLE_VERSION: of the layout of the handle. */
  Version: 1,
  /** ENGINE_NATIVE or ENGINE_FALLBACK. */
  Engine: 2,
  /** 1 once the database is closed for all. */
  Closed: 3,
  /** Four words of random id. */
  Id: 4,
} as const;

/** "AMDB". */
export const HANDLE_MAGIC = 0x42444d41;
export const HANDLE_VERSION = 2;
export const ENGINE_NATIVE = 1;
export const ENGINE_FALLBACK = 2;
/** The bytes of a native handle; a fallback's handle is its whole memory. */
export const HANDLE_SIZE = 32;
