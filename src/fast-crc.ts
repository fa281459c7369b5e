import type { IHasher } from 'hash-wasm';

/** The CRCs that Node does not have. */
export type FastCrcName = 'crc32c' | 'crc64nvme';

/** The CRC of the bytes added so far. */
export interface FastCrc {
  readonly update: (bytes: Uint8Array) => void;
  /** Big endian. Call once, after the last byte. */
  readonly digest: () => Uint8Array;
}

/** One instance of WebAssembly for all CRCs of a kind, because each of them reserves gigabytes of addresses. */
interface Engine {
  readonly hasher: IHasher;
  /** Whose bytes it has. */
  user: WasmCrc | null;
}

/** Null where there can be none. */
const engines = new Map<FastCrcName, Engine | null>();
const loading = new Map<FastCrcName, Promise<void>>();

/**
 * Loads the WebAssembly of a CRC once, so that `createFastCrc` has it. Never rejects: where it cannot be instantiated,
 * as without addresses, or with `--jitless`, there is none.
 * @returns null if that has been tried
 */
export function loadFastCrc(name: FastCrcName): Promise<void> | null {
  if (engines.has(name)) return null;
  const found =
    loading.get(name) ??
    instantiate(name).then(
      (engine) => void engines.set(name, engine),
      () => void engines.set(name, null),
    );
  loading.set(name, found);
  return found;
}

/** A CRC by WebAssembly; null if `loadFastCrc` has not loaded it. */
export function createFastCrc(name: FastCrcName): FastCrc | null {
  const engine = engines.get(name) ?? null;
  return engine && new WasmCrc(engine);
}

/** With the polynomials of CRC-32C (RFC 3720) and CRC-64/NVME (NVM Command Set 1.0, section 5.2.1.3.4), reflected. */
async function instantiate(name: FastCrcName): Promise<Engine> {
  const { createCRC32, createCRC64 } = await import('./wasm-crcs.ts');
  const hasher = await (name === 'crc32c' ? createCRC32(0x82f63b78) : createCRC64('9a6c9329ac4bc9b5'));
  return { hasher, user: null };
}

class WasmCrc implements FastCrc {
  readonly #engine: Engine;
  /** What it has computed, while another one uses the engine; null before its first byte. */
  #state: Uint8Array | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  update(bytes: Uint8Array): void {
    this.#enter().update(bytes);
  }

  digest(): Uint8Array {
    const digest = this.#enter().digest('binary');
    this.#engine.user = null;
    return digest;
  }

  #enter(): IHasher {
    const { hasher, user } = this.#engine;
    if (user === this) return hasher;
    if (user !== null) user.#state = hasher.save();
    if (this.#state === null) hasher.init();
    else hasher.load(this.#state);
    this.#engine.user = this;
    return hasher;
  }
}
