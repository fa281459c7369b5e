import { existsSync } from 'node:fs';
import { BreakwaterError } from '../../errors.ts';
import type { ObjectAccess } from '../../s3/connection/request-shape.ts';
import { refuseUnusable } from '../base-command.ts';
import type { CommandRun } from '../command-run.ts';
import { findProxyName, nameSettings } from '../s3-access.ts';
import type { UnknownVariable } from '../settings/unknown-variables.ts';
import { CHECK_NAMES, skipped, type Check, type CheckName, type Finding } from './check.ts';
import { judgeBucket, judgeCredentials } from './judge-credentials.ts';
import { fromError, judgeCircuits, judgeNode, judgeSettings } from './judge-machine.ts';
import { judgeCertificates, judgeName, judgeProxy } from './judge-network.ts';
import { judgeState } from './judge-state.ts';
import { judgeClock, judgeEndpoint } from './judge-store.ts';
import { measureCertificates } from './measure-certificates.ts';
import { checkFleet } from './measure-fleet.ts';
import { measureState } from './measure-state.ts';
import { measureStore, STORE_LIMIT_MS, type Place } from './measure-store.ts';
import { within } from './within.ts';

interface Machine {
  /** Of Node. */
  readonly nodeVersion: string;
  /** The version of Node that package.json asks for. */
  readonly engine: string;
  /** The system and the processor. */
  readonly platform: string;
  /** The config file, which need not be there. */
  readonly userFile: string;
  /** Values of settings that were not accepted; they have their defaults. */
  readonly unusable: readonly BreakwaterError[];
  readonly unknownVariables: readonly UnknownVariable[];
}

interface StoreQuestion {
  /** What to ask the store for besides, and its URL; null for nothing. */
  readonly place: (Place & { readonly url: string }) | null;
  /** The way that a transfer would ask. */
  readonly access: ObjectAccess;
}

/** A network file system may never answer, in ms. */
const TEXTFILE_LIMIT_MS = 5000;

type Findings = Partial<Readonly<Record<CheckName, Finding>>>;

/**
 * Looks at everything that a transfer would use, side by side and for a bounded time. Changes nothing.
 * @throws the signal's reason
 */
export async function runChecks(
  run: CommandRun,
  { machine, ...question }: StoreQuestion & { readonly machine: Machine },
): Promise<readonly Check[]> {
  const { settings } = run;
  const isThere = existsSync(machine.userFile);
  const problems = [...machine.unusable, ...(await findUnusableOutlets(run))];
  const unusable = attempt(() => void run.aws());
  // First, because it does not wait for anything but a lock, and the others could not go on meanwhile.
  const { state, circuits } = await measureState(run, { hasScope: unusable === null });
  const [store, fleet] = await Promise.all([
    unusable === null ? checkStore(run, question) : { endpoint: fromError(unusable, 'see breakwater config') },
    unusable === null || settings.circuitScope !== null ? checkFleet(run) : skipped('the circuits have no scope'),
  ]);
  const findings: Findings = {
    node: judgeNode(machine.nodeVersion, machine),
    settings: judgeSettings(problems, {
      path: machine.userFile,
      isThere,
      unknownVariables: machine.unknownVariables,
    }),
    ...store,
    state: judgeState(state),
    circuits: judgeCircuits(circuits, { nowMs: run.clock.now() }),
    fleet,
  };
  return CHECK_NAMES.map((name) => ({ name, ...(findings[name] ?? skipped('the endpoint cannot be used')) }));
}

/** What the settings name besides S3, and cannot be used. */
async function findUnusableOutlets({ settings, env, clock }: CommandRun): Promise<readonly BreakwaterError[]> {
  const outlets = [refuseUnusable(settings, { ...env }), refuseTextfile(settings.textfile, clock)];
  return (await Promise.all(outlets.map(async (outlet) => await outlet.then(() => [], asProblem)))).flat();
}

/** @throws BreakwaterError `local_create` if it cannot be written now; at the end of a command that is a warning */
async function refuseTextfile(path: string | null, clock: CommandRun['clock']): Promise<void> {
  if (path === null) return;
  const { tryTextfile } = await import('../../metrics/textfile.ts');
  const tried = await within(
    TEXTFILE_LIMIT_MS,
    clock,
    tryTextfile(path).then(() => true),
  );
  if (tried !== null) return;
  throw new BreakwaterError('local_create', `the metrics could not be written to ${path}: no answer of its disk`, {
    details: { reason: 'textfile', hint: 'choose a file on a local disk' },
  });
}

async function checkStore(run: CommandRun, { place, access }: StoreQuestion): Promise<Findings> {
  const proxyName = findProxyName(run);
  const proxy = judgeProxy(proxyName === null ? null : { name: proxyName, url: run.env[proxyName] ?? '' });
  const certificates = checkCertificates(run);
  if (certificates.status === 'failed') return { proxy, certificates };
  try {
    const names = nameSettings(run);
    const { answers, credentials, lookups } = await measureStore(run, { place, access });
    const { signed } = answers;
    const { endpointUrl, region } = run.aws();
    const url = endpointUrl ?? `S3 in ${region ?? 'us-east-1'}`;
    return {
      name: judgeName(lookups, { names }),
      proxy,
      certificates,
      endpoint: judgeEndpoint(answers, { url, names, limitMs: STORE_LIMIT_MS }),
      clock: judgeClock(answers),
      credentials: judgeCredentials(credentials, { signed, names, nowMs: run.clock.now() }),
      bucket: judgeBucket(place?.url ?? null, { signed, names }),
    };
  } catch (error) {
    run.signal.throwIfAborted();
    return { proxy, certificates, endpoint: fromError(asProblem(error), 'see breakwater config') };
  }
}

function checkCertificates(run: CommandRun): Finding {
  const isUnchecked = run.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0';
  try {
    const file = run.caBundle();
    return judgeCertificates(file === null ? null : measureCertificates(file, run.clock), { isUnchecked });
  } catch (error) {
    return fromError(asProblem(error), 'see breakwater config');
  }
}

function attempt(read: () => void): BreakwaterError | null {
  try {
    read();
    return null;
  } catch (error) {
    return asProblem(error);
  }
}

/** @throws anything else, which is a bug */
function asProblem(error: unknown): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  throw error;
}
