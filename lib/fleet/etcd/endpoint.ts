import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { failureOf } from './failure.js';
import type { Method } from './messages.js';

/**
 * Certificates in PEM form.
 * @example
 * ```ts
 * const tls: Tls = { ca: '-----BEGIN CERTIFICATE-----\n...' };
 * const options: ReplicaOptions = { endpoints: ['https://10.0.0.1:2379'], namespace: 'healing/', tls };
 * ```
 */
export interface Tls {
  /** Of the authorities that sign the servers' certificates. By default, those that Node trusts. */
  ca?: Uint8Array | string;
  /** Of this client, with its private key, if the servers ask for one. */
  cert?: Uint8Array | string;
  key?: Uint8Array | string;
}

const CHANNEL = {
  // A page, or all events of one revision, can be larger than the 4 MB that the client allows by default.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 500,
  // Servers refuse pings more often than every 5 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.enable_retries': 0,
  // Replicas of one process do not share connections: so what is measured or cut is one replica's.
  'grpc.use_local_subchannel_pool': 1,
};

/** One call at a time of a request that is already encoded. */
export interface CallSettings {
  /** When the call fails, as Unix milliseconds. */
  readonly deadline: number;
  readonly metadata: Metadata;
  readonly signal?: AbortSignal | undefined;
}

/** One server of the cluster. */
export class Endpoint {
  readonly #client: Client;

  constructor(
    readonly url: URL,
    tls: Tls,
  ) {
    const bytes = (pem: Uint8Array | string | undefined) =>
      pem === undefined ? null : Buffer.from(pem as Uint8Array);
    const channel =
      url.protocol === 'https:'
        ? credentials.createSsl(bytes(tls.ca), bytes(tls.key), bytes(tls.cert))
        : credentials.createInsecure();
    this.#client = new Client(url.host, channel, CHANNEL);
  }

  /** Calls once. Throws `CallFailure`, or the reason of the signal. */
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Buffer,
    settings: CallSettings,
  ): Promise<Response> {
    const { deadline, metadata, signal } = settings;
    return new Promise<Response>((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const done = (error: ServiceError | null, response?: Response) => {
        signal?.removeEventListener('abort', cancel);
        if (error === null) resolve(response as Response);
        else reject(signal?.aborted ? signal.reason : failureOf(error));
      };
      const call = this.#client.makeUnaryRequest(
        method.path,
        (bytes: Buffer) => bytes,
        method.response.decode,
        request,
        metadata,
        { deadline },
        done,
      );
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Opens a stream of requests and responses. */
  stream<Request, Response>(
    method: Method<Request, Response>,
    metadata: Metadata,
    options: CallOptions = {},
  ): ClientDuplexStream<Request, Response> {
    const { request, response } = method;
    return this.#client.makeBidiStreamRequest(
      method.path,
      request.encode,
      response.decode,
      metadata,
      options,
    );
  }

  close(): void {
    this.#client.close();
  }
}
