import { Reader, util, Writer } from 'protobufjs/minimal.js';

/**
 * Of messages within one another, where protobufjs stops at 100: a transaction nested a thousand deep is refused for its
 * operations, as etcd refuses it, and one of a hundred is carried out. Less than the stack bears.
 */
Reader.recursionLimit = 2_500;
util.recursionLimit = Reader.recursionLimit;

/** What the generated classes offer: they encode any object of the right shape and decode to the class. */
interface Codec<Shape, Message> {
  encode(shape: Shape, writer?: Writer): Writer;
  decode(bytes: Uint8Array): Message;
}

/** One method of a gRPC service as data, for a server and for a client; grpc-js takes it as it is. */
export interface Method<RequestShape, Request, ResponseShape, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (shape: RequestShape) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (shape: ResponseShape) => Buffer;
  /** The response as it goes out: behind the five bytes that gRPC puts before every message. */
  readonly responseFrame: (shape: ResponseShape) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** What a server's handler of the method takes… */
export type RequestOf<M> = M extends { readonly requestDeserialize: (bytes: Buffer) => infer Request }
  ? Request
  : never;
/** …and gives. */
export type ResponseOf<M> = M extends { readonly responseSerialize: (shape: infer Response) => Buffer }
  ? Response
  : never;

// In Node protobufjs writes into Buffers; its types say the base class only.
const serializer =
  <Shape>(codec: Codec<Shape, unknown>) =>
  (shape: Shape): Buffer =>
    codec.encode(shape).finish() as Buffer;

/** A byte that says whether the message is compressed, its length in four, big-endian, and the message. */
export const frameHeaderBytes = 5;

// The message is encoded right behind its header, and goes out of the writer's own memory: nothing is copied.
const framer =
  <Shape>(codec: Codec<Shape, unknown>) =>
  (shape: Shape): Buffer => {
    const frame = codec.encode(shape, Writer.create().bool(false).fixed32(0)).finish(true) as Buffer;
    frame.writeUInt32BE(frame.length - frameHeaderBytes, 1);
    return frame;
  };

/** An answer that was encoded part by part, as it goes out: behind its five bytes. */
export class Pieces {
  readonly pieces: readonly Buffer[];
  readonly length: number;

  /** @param parts fields of one message, encoded, in order */
  constructor(parts: readonly Uint8Array[]) {
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    const header = Buffer.alloc(frameHeaderBytes);
    header.writeUInt32BE(bytes, 1);
    this.length = header.length + bytes;
    this.pieces = [header, ...parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.length))];
  }

  whole(): Buffer {
    return Buffer.concat(this.pieces, this.length);
  }
}

const deserializer =
  <Message>(codec: { decode(bytes: Uint8Array): Message }) =>
  (bytes: Buffer): Message =>
    codec.decode(bytes);

const method =
  (requestStream: boolean, responseStream: boolean) =>
  <RequestShape, Request, ResponseShape, Response>(
    path: string,
    request: Codec<RequestShape, Request>,
    response: Codec<ResponseShape, Response>,
  ): Method<RequestShape, Request, ResponseShape, Response> => ({
    path,
    requestStream,
    responseStream,
    requestSerialize: serializer(request),
    requestDeserialize: deserializer(request),
    responseSerialize: serializer(response),
    responseFrame: framer(response),
    responseDeserialize: deserializer(response),
  });

export const unary = method(false, false);
export const serverStream = method(false, true);
export const bidirectional = method(true, true);
