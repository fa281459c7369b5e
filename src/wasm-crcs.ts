/** What is used of hash-wasm: a file of its own, because a bundle keeps all of what is imported dynamically. */
export { createCRC32, createCRC64 } from 'hash-wasm';
