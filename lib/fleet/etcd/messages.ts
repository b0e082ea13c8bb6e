import { type INamespace, Root, type Type } from 'protobufjs/light';

/** Fields of a message: name to number and type. A `*` before the type means that the field is repeated. */
type Fields = Readonly<Record<string, readonly [id: number, type: string]>>;

/**
 * The messages of etcd's RPCs that this package uses, with the fields it uses. Names and numbers are those of
 * etcd's rpc.proto, kv.proto and auth.proto. Enumerations are int32, which has the same form on the wire.
 */
const MESSAGES: Readonly<Record<string, Fields>> = {
  ResponseHeader: { cluster_id: [1, 'uint64'], member_id: [2, 'uint64'], revision: [3, 'int64'] },
  KeyValue: {
    key: [1, 'bytes'],
    create_revision: [2, 'int64'],
    mod_revision: [3, 'int64'],
    version: [4, 'int64'],
    value: [5, 'bytes'],
    lease: [6, 'int64'],
  },
  Event: { type: [1, 'int32'], kv: [2, 'KeyValue'] },
  RangeRequest: {
    key: [1, 'bytes'],
    range_end: [2, 'bytes'],
    limit: [3, 'int64'],
    revision: [4, 'int64'],
  },
  RangeResponse: {
    header: [1, 'ResponseHeader'],
    kvs: [2, '*KeyValue'],
    more: [3, 'bool'],
    count: [4, 'int64'],
  },
  PutRequest: { key: [1, 'bytes'], value: [2, 'bytes'], lease: [3, 'int64'] },
  DeleteRangeRequest: { key: [1, 'bytes'], range_end: [2, 'bytes'] },
  RequestOp: {
    request_range: [1, 'RangeRequest'],
    request_put: [2, 'PutRequest'],
    request_delete_range: [3, 'DeleteRangeRequest'],
  },
  ResponseOp: { response_range: [1, 'RangeResponse'] },
  Compare: {
    result: [1, 'int32'],
    target: [2, 'int32'],
    key: [3, 'bytes'],
    version: [4, 'int64'],
    mod_revision: [6, 'int64'],
  },
  TxnRequest: { compare: [1, '*Compare'], success: [2, '*RequestOp'], failure: [3, '*RequestOp'] },
  TxnResponse: {
    header: [1, 'ResponseHeader'],
    succeeded: [2, 'bool'],
    responses: [3, '*ResponseOp'],
  },
  WatchCreateRequest: {
    key: [1, 'bytes'],
    range_end: [2, 'bytes'],
    start_revision: [3, 'int64'],
    fragment: [8, 'bool'],
  },
  WatchRequest: { create_request: [1, 'WatchCreateRequest'] },
  WatchResponse: {
    header: [1, 'ResponseHeader'],
    created: [3, 'bool'],
    canceled: [4, 'bool'],
    compact_revision: [5, 'int64'],
    cancel_reason: [6, 'string'],
    fragment: [7, 'bool'],
    events: [11, '*Event'],
  },
  LeaseGrantRequest: { TTL: [1, 'int64'], ID: [2, 'int64'] },
  LeaseGrantResponse: { header: [1, 'ResponseHeader'], ID: [2, 'int64'], TTL: [3, 'int64'] },
  LeaseRevokeRequest: { ID: [1, 'int64'] },
  LeaseRevokeResponse: { header: [1, 'ResponseHeader'] },
  LeaseKeepAliveRequest: { ID: [1, 'int64'] },
  LeaseKeepAliveResponse: { header: [1, 'ResponseHeader'], ID: [2, 'int64'], TTL: [3, 'int64'] },
  AuthenticateRequest: { name: [1, 'string'], password: [2, 'string'] },
  AuthenticateResponse: { header: [1, 'ResponseHeader'], token: [2, 'string'] },
  StatusRequest: {},
  StatusResponse: {
    header: [1, 'ResponseHeader'],
    version: [2, 'string'],
    dbSize: [3, 'int64'],
    leader: [4, 'uint64'],
  },
};

function reflection(): INamespace {
  const nested = Object.fromEntries(
    Object.entries(MESSAGES).map(([message, fields]) => [
      message,
      {
        fields: Object.fromEntries(
          Object.entries(fields).map(([name, [id, type]]) => [
            name,
            type.startsWith('*') ? { id, type: type.slice(1), rule: 'repeated' } : { id, type },
          ]),
        ),
      },
    ]),
  );
  return { nested };
}

const root = Root.fromJSON(reflection());

/** How a message of one type is written and read. Integers are numbers: a revision is far below 2^53. */
export interface Form<T> {
  encode(message: T): Buffer;
  decode(bytes: Buffer): T;
}

function form<T>(name: string): Form<T> {
  const type: Type = root.lookupType(name);
  return {
    encode: (message) => type.encode(message as object).finish() as Buffer,
    decode: (bytes) =>
      type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true }) as T,
  };
}

export interface Header {
  cluster_id: number;
  member_id: number;
  revision: number;
}

export interface KeyValue {
  key: Buffer;
  create_revision: number;
  mod_revision: number;
  version: number;
  value: Buffer;
  lease: number;
}

export const EventType = { Put: 0, Delete: 1 } as const;

export interface Event {
  type: number;
  kv: KeyValue;
}

export interface RangeRequest {
  key: Uint8Array;
  range_end?: Uint8Array;
  limit?: number;
  revision?: number;
}

export interface RangeResponse {
  header: Header;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

export const Result = { Equal: 0, Greater: 1, Less: 2 } as const;
export const Target = { Version: 0, Mod: 2 } as const;

export interface Compare {
  result: number;
  target: number;
  key: Uint8Array;
  version?: number;
  mod_revision?: number;
}

export interface RequestOp {
  request_range?: RangeRequest;
  request_put?: { key: Uint8Array; value: Uint8Array; lease?: number };
  request_delete_range?: { key: Uint8Array };
}

export interface TxnRequest {
  compare?: Compare[];
  success?: RequestOp[];
  failure?: RequestOp[];
}

export interface TxnResponse {
  header: Header;
  succeeded: boolean;
  responses: { response_range: RangeResponse | null }[];
}

export interface WatchRequest {
  create_request: {
    key: Uint8Array;
    range_end: Uint8Array;
    start_revision: number;
    fragment: boolean;
  };
}

export interface WatchResponse {
  header: Header;
  created: boolean;
  canceled: boolean;
  compact_revision: number;
  cancel_reason: string;
  fragment: boolean;
  events: Event[];
}

/** An RPC: where it is, and the forms of its messages. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly request: Form<Request>;
  readonly response: Form<Response>;
}

function method<Request, Response>(
  path: string,
  request: string,
  response: string,
): Method<Request, Response> {
  return { path: `/etcdserverpb.${path}`, request: form(request), response: form(response) };
}

export const Range = method<RangeRequest, RangeResponse>(
  'KV/Range',
  'RangeRequest',
  'RangeResponse',
);
export const Txn = method<TxnRequest, TxnResponse>('KV/Txn', 'TxnRequest', 'TxnResponse');
export const Watch = method<WatchRequest, WatchResponse>(
  'Watch/Watch',
  'WatchRequest',
  'WatchResponse',
);
export const LeaseGrant = method<{ TTL: number; ID: number }, { header: Header; TTL: number }>(
  'Lease/LeaseGrant',
  'LeaseGrantRequest',
  'LeaseGrantResponse',
);
export const LeaseRevoke = method<{ ID: number }, { header: Header }>(
  'Lease/LeaseRevoke',
  'LeaseRevokeRequest',
  'LeaseRevokeResponse',
);
export const LeaseKeepAlive = method<{ ID: number }, { header: Header; TTL: number }>(
  'Lease/LeaseKeepAlive',
  'LeaseKeepAliveRequest',
  'LeaseKeepAliveResponse',
);
export const Authenticate = method<{ name: string; password: string }, { token: string }>(
  'Auth/Authenticate',
  'AuthenticateRequest',
  'AuthenticateResponse',
);
export const Status = method<
  Record<string, never>,
  { header: Header; version: string; dbSize: number; leader: number }
>('Maintenance/Status', 'StatusRequest', 'StatusResponse');
