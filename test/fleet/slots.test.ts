import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const { Limits } = require('../../dist/lib/fleet/clock.js');
const { Slots } = require('../../dist/lib/fleet/slots.js');

/** Slots of a cluster that grants a lease after some time, but fails as soon as the caller gives up. */
function slots(ms: number) {
  const grantLease = async (_id: number, _ttl: number, limits: InstanceType<typeof Limits>) => {
    await limits.pause(ms);
    if (limits.timeoutMs < ms) throw new Error('too late');
  };
  return new Slots({ grantLease }, { slot: () => Buffer.alloc(1) });
}

test('who gives up waiting for the lease takes it from nobody else', async () => {
  const stop = new AbortController();
  const shared = slots(100);
  const first = shared.take(new Limits(5000, stop.signal));
  const brief = slots(100);
  const late = brief.take(new Limits(20));
  const others = [shared, brief].map((one) => one.take(new Limits(5000)));
  stop.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  await expect(late).rejects.toThrow('too late');
  expect(await Promise.all(others)).toMatchObject([{ version: 0 }, { version: 0 }]);
});

test('waiting for a lease that another caller asked for ends by itself', async () => {
  const shared = slots(300);
  const first = shared.take(new Limits(5000));
  const stop = new AbortController();
  const second = shared.take(new Limits(5000, stop.signal));
  await expect(shared.take(new Limits(20))).rejects.toThrow('granted no lease within 20 ms');
  stop.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  expect((await first).version).toBe(0);
});
