/** With these a stored key in the private form begins. Then come 1 and a base, or 0. */
const MARK = 2;
const BASE = 32;

/** Passes the stored keys whose first parts are those of a prefix. `form` is what `prefixForm` returned; see there. */
export class KeyFilter {
  private readonly form: Uint8Array;
  /** Where the binary form ends, or -1; and where the head of the private form ends. */
  private readonly binaryEnd: number;
  private readonly headEnd: number;

  constructor(form: Uint8Array) {
    this.form = form;
    const length =
      form.length === 0 ? 0 : new DataView(form.buffer, form.byteOffset).getInt32(0, true);
    this.binaryEnd = length < 0 ? -1 : 4 + length;
    const head = length < 0 ? 4 : 4 + length;
    this.headEnd = head + (form[head] === 1 ? 1 + BASE : 1);
  }

  /** Whether it passes every key. */
  get passesAll(): boolean {
    return this.form.length === 0;
  }

  /** Whether it passes the key in `bytes` from `start` to `end`. */
  passes(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.passesAll) return true;
    const isPrivate = end - start > MARK && bytes[start] === 0x80 && bytes[start + 1] === 0;
    const { form, binaryEnd, headEnd } = this;
    if (!isPrivate) {
      return binaryEnd >= 0 && matches(form, 4, binaryEnd, bytes, afterCount(bytes, start), end);
    }
    const head = Math.max(4, binaryEnd);
    const parts = start + MARK + headEnd - head;
    if (!matches(form, head, headEnd, bytes, start + MARK, end)) return false;
    return matches(form, headEnd, form.length, bytes, afterCount(bytes, parts), end);
  }
}

/** Whether the bytes of `form` from `from` to `to` stand in `bytes` at `at`, before `end`. */
function matches(
  form: Uint8Array,
  from: number,
  to: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): boolean {
  if (to - from > end - at) return false;
  for (let n = from; n < to; n++) if (form[n] !== bytes[at + n - from]) return false;
  return true;
}

/** Where the parts of a key begin whose count of parts is at `at`. */
function afterCount(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end] as number) >= 0x80) end++;
  return end + 1;
}
