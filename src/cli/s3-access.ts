import { after } from '../abort.ts';
import type { CircuitName } from '../circuit/circuit.ts';
import { CommandCircuit } from '../guard/command-circuit.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardedCircuit } from '../guard/guarded-circuit.ts';
import { refuseIfOpen } from '../guard/refuse-early.ts';
import { WaitReport } from '../guard/wait-report.ts';
import type { ObjectAccess } from '../s3/connection/request-shape.ts';
import type { S3Settings } from '../s3/connection/connect.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import type { SettingNames } from '../setting-names.ts';
import type { TransferContext } from '../transfer/transfer-context.ts';
import { AWS_ENDPOINT, findProxy, nameProxy } from './settings/find-proxy.ts';
import { nameMissingKey } from './settings/name-settings.ts';
import { readCertificates } from './settings/named-file.ts';
import { findRequestsMax } from './descriptor-limit.ts';
import { openUnfinishedWork } from '../state/stored-work.ts';
import { once } from '../once.ts';
import type { CommandRun } from './command-run.ts';
import { isFleetSet } from './fleet/fleet-setting.ts';
import { openStdout } from './open-stdout.ts';
import { openStdin } from './open-stdin.ts';
import { watchHeadroom } from './event-loop-headroom.ts';

/** While a slower fleet is waited for, in ms, the command connects: SDK, settings and credentials cost no time then. */
const CONNECTS_AFTER_MS = 20;

/**
 * The context of put and get: their circuit, its early check, and a connection that loads the SDK on first use.
 * @throws BreakwaterError `config`
 */
export async function openTransferContext(
  run: CommandRun,
  name: CircuitName,
  access: ObjectAccess,
): Promise<TransferContext> {
  const circuit = run.circuitName(name);
  const guard = guardOf(run, run.settings.noBreaker ? null : await openCircuit(run, circuit));
  const connection = once(async () => await connect(run, guard, access));
  const headroom = once(watchHeadroom);
  const stdout = once(() => openStdout(run.stdout));
  return {
    circuit,
    refuseIfOpen: isFleetSet(run.settings, run.env)
      ? async (target) => await connectMeanwhile(run, connection, async () => await refuseIfOpen(guard, target))
      : async (target) => await refuseIfOpen(guard, target),
    connect: connection,
    emit: run.emit,
    clock: run.clock,
    hasRoom: () => headroom()(),
    requestsMax: findRequestsMax(),
    get isProxied() {
      return findProxyName(run) !== null;
    },
    unfinished: openUnfinishedWork(run, name === 's3-upload' ? 'upload' : 'download'),
    signal: run.signal,
    openStdin: () => openStdin(run.stdin),
    get stdout() {
      return stdout();
    },
  };
}

/** Connects if the check takes long, and ends the connection if it refuses. */
async function connectMeanwhile(
  { clock }: Pick<CommandRun, 'clock'>,
  connection: () => Promise<ObjectStore>,
  check: () => Promise<void>,
): Promise<void> {
  let early: Promise<ObjectStore> | null = null;
  using _connecting = after(clock, CONNECTS_AFTER_MS, () => {
    early = connection();
    // Handled by the later await; this avoids an unhandled rejection.
    early.catch(() => undefined);
  });
  try {
    await check();
  } catch (error) {
    if (early !== null) void (early as Promise<ObjectStore>).then((store) => store.close()).catch(() => undefined);
    throw error;
  }
}

/** The circuit of this host, and of the fleet if one is named. */
async function openCircuit(run: CommandRun, name: string): Promise<GuardedCircuit> {
  const gate = await run.gate();
  const fleet = await run.fleet();
  if (fleet === null) return new CommandCircuit(gate, name);
  const { TwofoldCircuit } = await import('../guard/twofold-circuit.ts');
  return new TwofoldCircuit({ name, gate, fleet: fleet.gate });
}

/**
 * A connection that deliberately neither reads nor changes a circuit. Closed with the command.
 * @param options `signal` replaces the command's own
 */
export async function connectWithoutCircuit(
  run: CommandRun,
  { signal = run.signal, access }: { readonly signal?: AbortSignal; readonly access: ObjectAccess },
): Promise<ObjectStore> {
  const store = await connect(run, { ...guardOf(run, null), signal }, access);
  run.onClose(store.close);
  return store;
}

async function connect(run: CommandRun, guard: Guard, access: ObjectAccess): Promise<ObjectStore> {
  const settings = findS3Settings(run, access);
  const { openObjectStore } = await import('../s3/object-store.ts');
  return await openObjectStore(settings, run.clock, guard);
}

/** How S3 is reached. @throws BreakwaterError `config` */
export function findS3Settings(run: CommandRun, access: ObjectAccess): S3Settings {
  const { endpointUrl, region, profile, profileFiles, checksums, names } = run.aws();
  const { connectTimeoutMs, credentialsTimeoutMs, pathStyle } = run.settings;
  return {
    endpointUrl,
    region,
    profile,
    profileFiles,
    profileNamedBy: names.profile,
    findProfileFault: async () => (await import('./settings/profile-fault.ts')).findNamedFault(run),
    missingKey: nameMissingKey(run.env),
    containerTokenFile: run.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] || null,
    pathStyle,
    access: {
      ...access,
      sendsChecksums: access.sendsChecksums && checksums.inRequests === 'when_supported',
      asksForChecksums: access.asksForChecksums && checksums.inResponses === 'when_supported',
    },
    connectTimeoutMs,
    credentialsTimeoutMs,
    certificates: findCertificates(run, { isRequired: endpointUrl?.startsWith('http:') !== true }),
    connectionsMax: findRequestsMax(),
    findProxy: (origin) => findProxy(origin, run.env),
    reader: chooseReader(run),
  };
}

/** Undocumented among the flags: it is for tests (docs/security.md). */
function chooseReader({ env }: CommandRun): 'own' | 'undici' {
  return env['BREAKWATER_TEST_HTTP'] === 'undici' ? 'undici' : 'own';
}

/** Over plain HTTP only STS and SSO need certificates, so a bad file must not stop a transfer. */
function findCertificates(run: CommandRun, { isRequired }: { readonly isRequired: boolean }): string | null {
  try {
    const caBundle = run.caBundle();
    return caBundle === null ? null : readCertificates(caBundle);
  } catch (error) {
    if (isRequired) throw error;
    return null;
  }
}

/** The variable that names the proxy to the store; null without one. */
export function findProxyName({ aws, env }: CommandRun): string | null {
  return nameProxy(new URL(aws().endpointUrl ?? AWS_ENDPOINT), env);
}

/** What has set the settings that a failure may be due to. */
export function nameSettings(run: CommandRun): SettingNames {
  const { aws, caBundle, settings } = run;
  return {
    ...aws().names,
    caBundle: caBundle()?.name ?? null,
    proxy: findProxyName(run),
    deadline: settings.origins.deadlineMs ?? null,
  };
}

function guardOf(run: CommandRun, circuit: GuardedCircuit | null): Guard {
  const { settings, deadlineAtMs, clock, signal, emit } = run;
  const { retries, retryBaseMs, retryJitter, waitMs, probeLeaseMs, requestTimeoutMs, stallTimeoutMs } = settings;
  return {
    settings: {
      retry: { retries, baseMs: retryBaseMs, jitter: retryJitter },
      deadlineAtMs,
      waitMs,
      probeLeaseMs,
      requestTimeoutMs,
      stallTimeoutMs,
    },
    circuit,
    limiter: null,
    waits: new WaitReport({ clock, emit }),
    nameSettings: () => nameSettings(run),
    clock,
    random: Math.random,
    signal,
    emit,
  };
}
