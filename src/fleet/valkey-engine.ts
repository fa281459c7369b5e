import type { Socket } from 'node:net';
import { Redis } from 'iovalkey';
import { FleetFailure } from '../circuit/fleet-store.ts';
import { COMPARE_AND_SET, OTHER_TYPE } from './compare-and-set.ts';
import type { Engine, EngineReading, KeyPage } from './engine.ts';
import type { FleetTarget } from './fleet-url.ts';
import { openEngineSocket, type EngineSocketOptions } from './open-engine-socket.ts';

type ConnectorOption = NonNullable<Redis['options']['Connector']>;

/** Transitions kept per circuit, as in the state file. */
const ENTRIES_KEPT = 1000;
/** Of a list, since its last write, in ms. */
const LIST_KEPT_MS = 30 * 86_400_000;
/** Keys looked at for one page: a server does that within about 2 ms, in which it answers nobody else. */
const SCAN_COUNT = 5000;

interface ConnectOptions extends EngineSocketOptions {
  /** Hex digest of a text. */
  readonly sha1: (text: string) => string;
}

/**
 * Connects to Redis or Valkey. The client only speaks the protocol: the socket is ours, so that it can be destroyed at
 * any moment, and nothing is ever connected, sent or tried again by itself.
 * @throws FleetFailure
 */
export async function connectValkey(target: FleetTarget, { sha1, signal, clock }: ConnectOptions): Promise<Engine> {
  const socket = await openEngineSocket(target, { signal, clock });
  const broken = watchSocket(socket);
  const client = createClient(socket);
  await client.connect();
  const ready = introduce(client, target);
  // Awaited by each call, so that its error is the first that is reported.
  ready.catch(() => undefined);
  const send = async <T>(command: Promise<T>): Promise<T> => {
    command.catch(() => undefined);
    try {
      await ready;
      return await command;
    } catch (error) {
      throw broken(error);
    }
  };
  return {
    read: async (keys) => await send(readKeys(client, keys)),
    compareAndSet: async ({ key, expected, value, expiresInMs, listKey, entries }) => {
      const digest = expected === null ? '' : sha1(expected);
      const bounds = [ENTRIES_KEPT, LIST_KEPT_MS];
      const stored = await send(
        client.call('EVAL', COMPARE_AND_SET, 2, key, listKey, digest, value, expiresInMs ?? '', ...bounds, ...entries),
      );
      if (stored !== 0 && stored !== 1) throw new FleetFailure('bad_answer');
      return stored === 1;
    },
    readList: async (key, { skip, limit }) =>
      limit <= 0 ? [] : await readTexts(async () => await send(client.call('LRANGE', key, skip, skip + limit - 1))),
    listKeys: async (cursor) =>
      parsePage(await send(client.call('SCAN', cursor ?? '0', 'MATCH', 'breakwater:{*', 'COUNT', SCAN_COUNT))),
    isOpen: () => !socket.destroyed && socket.writable,
    close: () => {
      socket.destroy();
      client.disconnect();
    },
  };
}

/** The client over a socket that is connected already; it does nothing by itself. */
function createClient(socket: Socket): Redis {
  const client = new Redis({
    lazyConnect: true,
    Connector: connectorOf(socket),
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    retryStrategy: () => null,
  });
  // An answer that nobody asked for: the next one would be taken for that of another command.
  client.on('error', () => socket.destroy());
  return client;
}

/**
 * What the client throws while it reads, such as for a `null` that answers no command, would end the process: it ends
 * the connection instead.
 * @returns what has ended the connection, of which the client only says that it is closed; else the given error
 */
function watchSocket(socket: Socket): (error: unknown) => unknown {
  let hasThrown = false;
  let failure: Error | null = null;
  // With TLS 1.3, a server refuses the client after the handshake.
  socket.on('error', (error) => (failure ??= error));
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: readonly unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...values: readonly unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...values);
    try {
      return emit(event, ...values);
    } catch {
      hasThrown = true;
      socket.destroy();
      return true;
    }
  };
  return (error) => {
    if (hasThrown) return new FleetFailure('bad_answer', { cause: error });
    const isAnswer = error instanceof FleetFailure || (error instanceof Error && error.name === 'ReplyError');
    return isAnswer ? error : (failure ?? error);
  };
}

/** User, password and database, sent along with the first call. By hand: the client would print warnings. */
async function introduce(client: Redis, { username, password, database }: FleetTarget): Promise<void> {
  const user = username === null ? [] : [username];
  const answers = [
    ...(password === null ? [] : [client.call('AUTH', ...user, password)]),
    ...(database === 0 ? [] : [client.call('SELECT', database)]),
  ];
  for (const answer of answers) answer.catch(() => undefined);
  for (const answer of answers) await answer;
}

/** A connector of the client, with a socket that is connected already. */
function connectorOf(socket: Socket): ConnectorOption {
  class Connected {
    readonly connect = async (): Promise<Socket> => await Promise.resolve(socket);
    readonly check = (): boolean => true;
    readonly disconnect = (): void => void socket.destroy();
  }
  // The client calls these three alone; its type asks for the private fields of its own connectors, too.
  return Connected as unknown as ConnectorOption;
}

function parsePage(answer: unknown): KeyPage {
  if (!Array.isArray(answer) || typeof answer[0] !== 'string') throw new FleetFailure('bad_answer');
  const [cursor] = answer;
  return { keys: parseTexts(answer[1]), cursor: cursor === '0' ? null : cursor };
}

async function readKeys(client: Redis, keys: readonly string[]): Promise<EngineReading> {
  const results = await client.pipeline([['time'], ...keys.map((key) => ['get', key])]).exec();
  const [time, ...values] = (results ?? []).map(([error, value]) => {
    if (isOtherType(error)) return OTHER_TYPE;
    if (error !== null) throw error;
    return value;
  });
  if (values.length !== keys.length) throw new FleetFailure('bad_answer');
  return { nowMs: parseTime(time), values: values.map(parseValue) };
}

/** None of a key of another type. */
async function readTexts(read: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    return parseTexts(await read());
  } catch (error) {
    if (isOtherType(error)) return [];
    throw error;
  }
}

/** A key of another type is the fault of one key, not of the server. */
function isOtherType(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && error.message.startsWith(`${OTHER_TYPE} `);
}

/** TIME: seconds and microseconds, as texts. */
function parseTime(value: unknown): number {
  const [seconds = '', micros = ''] = parseTexts(value);
  if (!/^\d{1,12}$/.test(seconds) || !/^\d{1,6}$/.test(micros)) throw new FleetFailure('bad_answer');
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function parseValue(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value;
  throw new FleetFailure('bad_answer');
}

function parseTexts(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw new FleetFailure('bad_answer');
}
