/** Memory that parts are written to: the same bytes in the two views that this takes. */
export class Target {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Other memory, four times as large. */
  larger(): Target {
    return new Target(new Uint8Array(this.bytes.length * 4));
  }
}
