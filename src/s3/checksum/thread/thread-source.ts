/** What a thread is started with. The build replaces this file: there it is the thread's whole code, as a string. */
export const THREAD_SOURCE: URL | string = new URL('digest-thread.ts', import.meta.url);
