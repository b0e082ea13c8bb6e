import { setFlagsFromString } from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import { type ChangeSet, Key } from 'accumulate-memdb';
import { describe, expect, it } from 'vitest';
import { describeEngines } from './support/engines.js';
import { describeBatches, fill } from './support/variants.js';

const k = Key.of('k');

// Does what ArrayBuffer.prototype.transfer does, which Node 20 does not have.
setFlagsFromString('--allow-natives-syntax');
const detachMemory = new Function('memory', '%ArrayBufferDetach(memory)');

/** Detaches the memory of a value, unless Node forbids it: 22 and later do, for memory that it marks. */
function detach(value: Uint8Array): void {
  try {
    detachMemory(value.buffer);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return;
  }
  expect(value.buffer.byteLength).toBe(0);
}

describeEngines('values', (open) => {
  describeBatches((begin) => {
    it('are copied in', () => {
      const batch = begin(open(), null, true);
      const value = Buffer.from('before');
      batch.put(k, value);
      value.write('AFTER!');
      expect(batch.get(k).toString()).toBe('before');
    });

    it('are copied out, by every call that returns them', () => {
      const db = open();
      fill(db, [[k, 'committed']]);
      const batch = begin(db, null, true);
      const own = Key.of('own');
      batch.put(own, 'own');
      for (const [key, expected] of [
        [k, 'committed'],
        [own, 'own'],
      ] as const) {
        batch.get(key).fill(0);
        batch.tryGet(key)?.fill(0);
        for (const value of batch.getMany([key, key])) value?.fill(0);
        for (const [, value] of batch) value.fill(0);
        batch.forEach((_, value) => void value.fill(0));
        expect(batch.get(key).toString()).toBe(expected);
        expect(batch.getMany([key])[0]?.toString()).toBe(expected);
      }
    });

    it('never change after they were returned, whatever is called', () => {
      const batch = begin(open(), null, true);
      const returned: Buffer[] = [];
      for (let i = 0; i < 2_000; i++) {
        batch.put(k, `value ${i} ${'x'.repeat(i % 200)}`);
        returned.push(batch.get(k));
      }
      for (const [i, value] of returned.entries()) {
        expect(value.toString()).toBe(`value ${i} ${'x'.repeat(i % 200)}`);
      }
    });

    it('can be strings, empty or null', () => {
      const batch = begin(open(), null, true);
      batch.put(k, 'žluťoučký 🐎');
      expect(batch.get(k).toString()).toBe('žluťoučký 🐎');
      for (const empty of ['', null, new Uint8Array(), Buffer.alloc(0)]) {
        batch.put(k, 'full');
        batch.put(k, empty);
        expect(batch.get(k)).toHaveLength(0);
        expect(batch.has(k)).toBe(true);
      }
    });

    it.each([1, 4_095, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 300_000, 5_000_000])(
      'may have %i bytes',
      (length) => {
        const batch = begin(open(), null, true);
        const value = Buffer.alloc(length);
        for (let i = 0; i < length; i += 97) value[i] = i % 251;
        batch.put(k, value);
        expect(batch.get(k).equals(value)).toBe(true);
        expect(batch.tryGet(k)?.equals(value)).toBe(true);
        expect(batch.getMany([k])[0]?.equals(value)).toBe(true);
        const [pair] = batch;
        expect(pair?.[1].equals(value)).toBe(true);
      },
    );

    it('can be strings that are longer than any buffer', () => {
      const batch = begin(open(), null, true);
      const text = 'ünïcödé '.repeat(30_000);
      batch.put(k, text);
      expect(batch.get(k).toString()).toBe(text);
    });

    it('can be viewed as numbers, whatever was read before, by every call that returns them', () => {
      const db = open();
      const numbers = BigUint64Array.of(1n, 2n ** 63n, 3n);
      const bytes = Buffer.from(numbers.buffer);
      const asNumbers = ({ buffer, byteOffset, length }: Buffer) => {
        expect(Array.from(new Float64Array(buffer, byteOffset, length >> 3))).toHaveLength(3);
        return Array.from(new BigUint64Array(buffer, byteOffset, length >> 3));
      };
      // Between the values stand others, of every length.
      const lengths = Array.from({ length: 40 }, (_, i) => i);
      const keys = lengths.flatMap((length) => [Key.of('n', length), Key.of('odd'.repeat(length))]);
      const values = lengths.flatMap((length) => [bytes, Buffer.alloc(length, length)]);
      const half = keys.length >> 1;
      const put = (batch: ChangeSet, from: number, to: number) => {
        for (let i = from; i < to; i++) batch.put(keys[i] as Key, values[i] as Buffer);
      };
      db.update((batch) => put(batch, 0, half));
      const batch = begin(db, null, true);
      put(batch, half, keys.length);
      const seen = { get: 0, getMany: 0, forEach: 0, entries: 0 };
      const check = (call: keyof typeof seen, key: Key, value: Buffer) => {
        if (key.at(0) !== 'n') return;
        expect(asNumbers(value)).toEqual([...numbers]);
        seen[call]++;
      };
      for (const key of keys) check('get', key, batch.get(key));
      for (const [i, value] of batch.getMany(keys).entries()) {
        expect(value).toEqual(values[i]);
        check('getMany', keys[i] as Key, value as Buffer);
      }
      batch.forEach((key, value) => void check('forEach', key, value));
      for (const [key, value] of batch) check('entries', key, value);
      expect(seen).toEqual({ get: 40, getMany: 40, forEach: 40, entries: 40 });
    });

    it('can be a view of some bytes of an array', () => {
      const batch = begin(open(), null, true);
      const whole = Uint8Array.from({ length: 100 }, (_, i) => i);
      batch.put(k, whole.subarray(40, 43));
      expect([...batch.get(k)]).toEqual([40, 41, 42]);
    });

    it('can be arrays over shared memory', () => {
      const batch = begin(open(), null, true);
      const shared = new Uint8Array(new SharedArrayBuffer(20)).fill(9);
      batch.put(k, shared);
      shared.fill(1);
      expect([...batch.get(k)]).toEqual(new Array(20).fill(9));
    });
  });

  it('are Buffers', () => {
    const batch = open().begin(null, true);
    batch.put(k, Uint8Array.of(1, 2));
    for (const value of [
      batch.get(k),
      batch.tryGet(k),
      batch.getMany([k])[0],
      [...batch][0]?.[1],
    ]) {
      expect(Buffer.isBuffer(value)).toBe(true);
    }
  });

  it('are refused if they are not bytes, a string or null', () => {
    const batch = open().begin(null, true);
    for (const value of [1, {}, [1, 2], true, new ArrayBuffer(2), Symbol('s'), undefined]) {
      expect(() => batch.put(k, value as unknown as string)).toThrow(TypeError);
    }
    expect(batch.has(k)).toBe(false);
  });

  describe('whose memory the caller gives away', () => {
    const value = (key: Key) => `value of ${key}`;

    it('to another thread are copied, and the others never change', () => {
      const batch = open().begin(null, true);
      batch.put(k, 'value');
      const [one, two] = [batch.get(k), batch.get(k)];
      const { port1, port2 } = new MessageChannel();
      for (const send of [
        () => structuredClone(one, { transfer: [one.buffer as ArrayBuffer] }),
        () => port1.postMessage(one, [one.buffer as ArrayBuffer]),
      ]) {
        // Later releases of Node refuse the transfer.
        try {
          send();
        } catch (error) {
          expect((error as Error).name).toBe('DataCloneError');
        }
        expect([one.toString(), two.toString()]).toEqual(['value', 'value']);
      }
      port2.close();
    });

    it('to a byte stream: the value is refused or others end with it, but a copy works', async () => {
      const batch = open().begin(null, true);
      const keys = [Key.of('a'), Key.of('b')];
      for (const key of keys) batch.put(key, value(key));
      const read = async (bytes: Uint8Array) => {
        const start = (stream: ReadableByteStreamController) => stream.enqueue(bytes);
        const { value } = await new ReadableStream({ type: 'bytes', start }).getReader().read();
        return Buffer.from(value as Uint8Array).toString();
      };
      const texts = (found: (Buffer | undefined)[]) => found.map(String);
      const [one, other] = batch.getMany(keys) as [Buffer, Buffer];
      for (const copy of [new Uint8Array(one), structuredClone(one)]) {
        expect(await read(copy)).toBe(value(keys[0] as Key));
        expect(texts([one, other])).toEqual(keys.map(value));
      }
      // What docs/threads.md says of the value itself.
      const passed = await read(one).catch((error: unknown) => error);
      if (passed instanceof TypeError) expect(texts([one, other])).toEqual(keys.map(value));
      else expect([passed, one.length, other.length]).toEqual([value(keys[0] as Key), 0, 0]);
      expect(texts(batch.getMany(keys))).toEqual(keys.map(value));
    });

    it('by detaching it never harm the store', () => {
      const db = open();
      const keys = Array.from({ length: 20 }, (_, i) => Key.of(i));
      fill(
        db,
        keys.map((key) => [key, value(key)] as const),
      );
      const batch = db.begin(null, true);
      for (const key of keys) {
        detach(batch.get(key));
        expect(batch.get(key).toString()).toBe(value(key));
        detach(batch.get(key));
        expect(batch.getMany(keys).map(String)).toEqual(keys.map(value));
        detach(batch.get(key));
        expect(batch.tryGet(key)?.toString()).toBe(value(key));
        detach(batch.get(key));
        batch.put(key, value(key));
        expect(Array.from(batch, ([k, v]) => v.toString() === value(k))).not.toContain(false);
      }
    });

    it('never stop an iteration', () => {
      const db = open();
      const keys = Array.from({ length: 3_000 }, (_, i) => Key.of(i));
      fill(
        db,
        keys.map((key) => [key, value(key)] as const),
      );
      let count = 0;
      db.begin().forEach((key, found) => {
        expect(found.toString()).toBe(value(key));
        detach(found);
        count++;
      });
      expect(count).toBe(3_000);
    });
  });

  it('can be put again as they were returned', () => {
    const db = open();
    const batch = db.begin(null, true);
    batch.put(k, 'x'.repeat(40_000));
    for (let i = 0; i < 10; i++) {
      const value = batch.get(k);
      batch.put(Key.of('copy', i), value);
      batch.put(k, value);
    }
    for (const [, value] of batch) expect(value.toString()).toBe('x'.repeat(40_000));
  });
});
