// A process that is sent the bytes of a handle, and tries to attach by a copy of them. It prints the error's code.
import { MemDB } from 'accumulate-memdb';

process.once('message', ({ bytes, maxByteLength }) => {
  const options = maxByteLength === undefined ? undefined : { maxByteLength };
  const copy = new SharedArrayBuffer(bytes.length, options);
  new Uint8Array(copy).set(bytes);
  try {
    MemDB.attach(copy);
    console.log('attached');
  } catch (error) {
    console.log(error.code);
  }
  process.disconnect();
});
process.send('ready');
