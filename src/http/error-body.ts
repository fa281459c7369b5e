import type { Dispatcher } from 'undici';

/** The most bytes of an error's body to read; S3's have a few hundred, pages of proxies some thousand. */
const ERROR_BYTES_MAX = 256 * 1024;

/**
 * Ends the body of an error response after `ERROR_BYTES_MAX`, or where it breaks off or stalls. The SDK collects such a
 * body in memory, and nothing in it matters as much as the status: a body that is endless, or shorter than its
 * `Content-Length`, must not hide it.
 */
export function boundErrorBody(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  /** Null until the head of an error has arrived. */
  let leftBytes: number | null = null;
  let isOver = false;
  const end = (controller: Dispatcher.DispatchController): void => {
    isOver = true;
    handler.onResponseEnd?.(controller, {});
  };
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onBodySent: (chunk) => handler.onBodySent?.(chunk),
    onRequestSent: () => handler.onRequestSent?.(),
    onResponseStart: (controller, statusCode, headers, statusMessage) => {
      if (statusCode >= 300) leftBytes = ERROR_BYTES_MAX;
      handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
    },
    onResponseData: (controller, chunk) => {
      if (leftBytes === null) handler.onResponseData?.(controller, chunk);
      else if (!isOver) {
        const part = chunk.subarray(0, leftBytes);
        leftBytes -= part.byteLength;
        handler.onResponseData?.(controller, part);
        if (leftBytes > 0) return;
        end(controller);
        controller.abort(new Error('the rest of the error is not read'));
      }
    },
    onResponseEnd: (controller, trailers) => {
      if (!isOver) handler.onResponseEnd?.(controller, trailers);
      isOver = true;
    },
    onResponseError: (controller, error) => {
      if (isOver) return;
      if (leftBytes === null) handler.onResponseError?.(controller, error);
      else end(controller);
    },
  };
}
