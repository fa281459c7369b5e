import type { Dispatcher } from 'undici';
import type { RequestWatch } from './request-watch.ts';

/** Reports our pauses to `watch`, because they are not a stall. */
export class WatchedController implements Dispatcher.DispatchController {
  readonly #controller: Dispatcher.DispatchController;
  readonly #watch: RequestWatch;

  constructor(controller: Dispatcher.DispatchController, watch: RequestWatch) {
    this.#controller = controller;
    this.#watch = watch;
  }

  get aborted(): boolean {
    return this.#controller.aborted;
  }

  get paused(): boolean {
    return this.#controller.paused;
  }

  get reason(): Error | null {
    return this.#controller.reason;
  }

  get rawHeaders() {
    return this.#controller.rawHeaders ?? null;
  }

  get rawTrailers() {
    return this.#controller.rawTrailers ?? null;
  }

  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  pause(): void {
    this.#watch.enter('paused');
    this.#controller.pause();
  }

  resume(): void {
    this.#watch.enter('receiving');
    this.#controller.resume();
  }
}
