import { HttpResponse } from '@smithy/core/protocols';
import type { Dispatcher } from 'undici';
import { onAbort } from '../abort.ts';
import { TransferFault } from '../retry/transfer-fault.ts';
import { DirectBody, toError, type Release } from './direct-body.ts';
import type { RequestWatch } from './request-watch.ts';
import { WatchedController } from './watched-controller.ts';
import type { WatchTimer } from './watch-timer.ts';
import type { SharedMemory } from './shared-memory.ts';
import { WholeBody } from './whole-body.ts';

/** The most responses of status 1xx to one request. Stores send at most one. */
const INTERIM_RESPONSES_MAX = 32;

/** The most bytes of an error's body to read; S3's have a few hundred, pages of proxies some thousand. */
const ERROR_BYTES_MAX = 256 * 1024;

export interface ReceiverOptions {
  /** Aborts the request. */
  readonly signal: AbortSignal | null;
  /** For bodies that are collected. */
  readonly memory: SharedMemory;
  /** Null for a request without time limits. */
  readonly watch: RequestWatch | null;
  readonly timer: WatchTimer;
  readonly release: Release;
  /** See `WatchedOptions.wholeBytesMax`; 0 for never. */
  readonly wholeBytesMax: number;
}

type Controller = Dispatcher.DispatchController;
type ResponseHead = Pick<HttpResponse, 'statusCode' | 'headers'>;

/**
 * Receives the response to one request, and reports each phase to its watch. One object does all of it, because a small
 * object pays for each layer.
 *
 * The body of an error ends after `ERROR_BYTES_MAX`, or where it breaks off or stalls. The SDK collects such a body in
 * memory, and nothing in it matters as much as the status: a body that is endless, or shorter than its
 * `Content-Length`, must not hide it.
 */
export class ResponseReceiver implements Dispatcher.DispatchHandler {
  readonly #options: ReceiverOptions;
  readonly #resolve: (reply: { response: HttpResponse }) => void;
  readonly #reject: (error: unknown) => void;
  readonly #listening: Disposable | null;
  #controller: Controller | null = null;
  #head: ResponseHead | null = null;
  #whole: WholeBody | null = null;
  #body: DirectBody | null = null;
  #interimLeft = INTERIM_RESPONSES_MAX;
  /** What may still come of an error's body; null for any other body. */
  #errorLeft: number | null = null;
  /** Nothing more is passed on. */
  #isOver = false;

  /** @param reply called when the head has arrived, or the whole body if it is collected */
  constructor(
    options: ReceiverOptions,
    reply: { resolve: (reply: { response: HttpResponse }) => void; reject: (error: unknown) => void },
  ) {
    this.#options = options;
    this.#resolve = reply.resolve;
    this.#reject = reply.reject;
    const { signal } = options;
    this.#listening = signal === null ? null : onAbort(signal, (reason) => this.#abort(reason));
  }

  onRequestStart(controller: Controller): void {
    const { watch, timer, signal } = this.#options;
    if (this.#controller !== null) watch?.noteSentAgain();
    this.#controller = controller;
    if (watch !== null) {
      watch.start((fault) => controller.abort(fault));
      timer.add(watch);
    }
    if (signal?.aborted === true) this.#abort(signal.reason);
  }

  onBodySent(): void {
    this.#options.watch?.enter('sending');
  }

  onRequestSent(): void {
    this.#options.watch?.enter('waiting');
  }

  onResponseStart(controller: Controller, statusCode: number, headers: GivenHeaders): void {
    const { watch, wholeBytesMax, memory } = this.#options;
    if (statusCode < 200) {
      if (watch === null) return;
      // Not progress: a server could otherwise keep the request waiting for ever.
      this.#interimLeft -= 1;
      if (this.#interimLeft < 0) controller.abort(new TransferFault('not_s3', 'interim responses without an end'));
      return;
    }
    if (statusCode >= 300) this.#errorLeft = ERROR_BYTES_MAX;
    watch?.enter('receiving');
    this.#head = { statusCode, headers: joinHeaders(headers) };
    if (statusCode === 200 && wholeBytesMax > 0) {
      this.#whole = WholeBody.open(this.#head.headers, { bytesMax: wholeBytesMax, memory });
    }
    if (this.#whole === null) this.#open(this.#head, controller);
  }

  onResponseData(controller: Controller, chunk: Uint8Array): void {
    const { watch, release } = this.#options;
    if (this.#errorLeft !== null) {
      this.#takeError(controller, chunk);
      return;
    }
    watch?.enter('receiving');
    if (this.#whole === null) {
      this.#body?.receive(controller, chunk);
      return;
    }
    const isTaken = this.#whole.take(chunk);
    // Its length was unknown, and turns out to be more than was asked for.
    if (!isTaken && this.#head !== null) this.#open(this.#head, controller, this.#whole.with(chunk));
    release([chunk]);
  }

  onResponseEnd(): void {
    this.#end();
    const head = this.#head;
    if (head !== null && this.#whole !== null) this.#reply(head, this.#whole.finish());
    else this.#body?.end();
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#end();
    if (this.#errorLeft !== null) {
      this.#body?.end();
      return;
    }
    const head = this.#head;
    // All of its bytes may have come: the reader decides.
    if (head !== null && this.#whole?.isOfUnknownLength === true) this.#open(head, controller, this.#whole.finish());
    if (this.#body === null) this.#reject(error);
    else this.#body.fail(error);
  }

  /** Passes the body on as it arrives, after what has been collected of it. */
  #open(head: ResponseHead, controller: Controller, early: Uint8Array | null = null): void {
    const { watch, release } = this.#options;
    const { 'content-length': length, 'transfer-encoding': coding } = head.headers;
    // All of an error's body has to arrive within the stall timeout, pauses included, because a trickle would never end.
    const isWatched = watch !== null && this.#errorLeft === null && !this.#isOver;
    this.#body = new DirectBody(isWatched ? new WatchedController(controller, watch) : controller, {
      release,
      endsWithConnection: length === undefined && coding === undefined,
      early,
    });
    this.#whole = null;
    this.#reply(head, this.#body);
  }

  #takeError(controller: Controller, chunk: Uint8Array): void {
    if (this.#isOver || this.#errorLeft === null) return;
    const part = chunk.subarray(0, this.#errorLeft);
    this.#errorLeft -= part.byteLength;
    this.#body?.receive(controller, part);
    if (this.#errorLeft > 0) return;
    this.#isOver = true;
    this.#body?.end();
    controller.abort(new Error('the rest of the error is not read'));
  }

  #reply({ statusCode, headers }: ResponseHead, body: unknown): void {
    this.#resolve({ response: new HttpResponse({ statusCode, headers, body }) });
  }

  #abort(reason: unknown): void {
    if (this.#controller === null) this.#reject(reason);
    else this.#controller.abort(toError(reason));
  }

  #end(): void {
    const { watch, timer } = this.#options;
    this.#isOver = true;
    this.#listening?.[Symbol.dispose]();
    if (watch === null) return;
    watch.enter('done');
    timer.remove(watch);
  }
}

type GivenHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The connections of our own have joined them already. */
function joinHeaders(headers: GivenHeaders): Record<string, string> {
  return isJoined(headers)
    ? headers
    : Object.fromEntries(Object.entries(headers).map(([name, value = '']) => [name, [value].flat().join(', ')]));
}

function isJoined(headers: GivenHeaders): headers is Record<string, string> {
  for (const name in headers) if (typeof headers[name] !== 'string') return false;
  return true;
}
