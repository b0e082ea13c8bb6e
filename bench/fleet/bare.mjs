// The same transactions as a replica's, by the gRPC client alone: no read set, no feed, no local data.
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { Client, credentials, Metadata } from '@grpc/grpc-js';

const { Txn } = createRequire(import.meta.url)('../../dist/lib/fleet/etcd/messages.js');

export class Bare {
  #client;
  #head;
  #namespace;

  constructor(endpoint, namespace) {
    const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
    this.#client = new Client(new URL(endpoint).host, credentials.createInsecure(), options);
    this.#head = Buffer.from(`${namespace}h`);
    this.#namespace = namespace;
  }

  /** Commits puts of records, with the comparison and the puts that a replica adds. */
  commit(records, slot) {
    const key = Buffer.from(`${this.#namespace}w/bare/${slot.name}`);
    const request = {
      compare: [{ result: 0, target: 0, key, version: slot.version++ }],
      success: [
        { request_put: { key, value: Buffer.from(randomBytes(12).toString('hex')) } },
        { request_put: { key: this.#head, value: Buffer.from(String(records.length)) } },
        ...records.map(({ digest, value }) => ({ request_put: { key: digest, value } })),
      ],
      failure: [{ request_range: { key } }, { request_range: { key: this.#head } }],
    };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        Txn.path,
        Txn.request.encode,
        Txn.response.decode,
        request,
        new Metadata(),
        {},
        (error, response) => {
          if (error) reject(error);
          else if (!response.succeeded) reject(new Error('a comparison failed'));
          else resolve(response);
        },
      );
    });
  }

  close() {
    this.#client.close();
  }
}
