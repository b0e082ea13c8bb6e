/** Memory that parts are written to: the same bytes in two views. */
export class Target {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Returns other memory, four times as large. */
  larger(): Target {
    return new Target(new Uint8Array(this.bytes.length * 4));
  }
}
