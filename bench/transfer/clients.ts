import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../measure-command.ts';
import type { NullServer } from '../spawn-null-server.ts';

/** This build, and another one to measure in the same run: `BREAKWATER_BENCH_BESIDE=/path/to/its/bin/run.js`. */
export const BUILDS: readonly { readonly name: string; readonly bin: string }[] = [
  { name: 'breakwater', bin: fileURLToPath(new URL('../../bin/run.js', import.meta.url)) },
  ...[process.env['BREAKWATER_BENCH_BESIDE']].flatMap((bin) => (bin === undefined ? [] : [{ name: 'beside', bin }])),
];

/** What is to be done; a client turns it into its own command line. */
export interface Work {
  readonly kind: 'put' | 'get' | 'put_tree' | 'get_tree' | 'put_stdin' | 'get_stdout' | 'delete_tree';
  /** A file, or the directory of a tree. */
  readonly local: string;
  /** A key, or the prefix of a tree, without a slash at its end. */
  readonly key: string;
}

export interface Client {
  readonly name: string;
  readonly command: (work: Work) => Command;
  /** What it holds downloads against on this server, as `bench -- verification` shows it. */
  readonly verifies: string;
  /** Takes part in the cases of trees only. @default false */
  readonly isForTrees?: boolean;
}

/** Of everybody alike: it is not checked. */
const KEY = 'bench-access-key';
const SECRET = 'bench-secret-key';

interface Place {
  readonly server: NullServer;
  /** HOME of every client. */
  readonly home: string;
}

/**
 * Clients with their defaults; where one has an option more, it is needed to run at all, and says why. `rclone` takes part in trees
 * once more, with as many transfers as this program has. Over TLS each is given the certificate to trust, and verifies it.
 */
export async function findClients(place: Place, wanted: readonly string[] | null): Promise<readonly Client[]> {
  const clients = BUILDS.map((build): Client => breakwater(place, build));
  for (const [name, make] of Object.entries(PEERS)) {
    if (wanted !== null && !wanted.includes(name)) continue;
    const found = spawnSync(name, [name === 'rclone' || name === 's5cmd' ? 'version' : '--version']);
    if (found.error !== undefined || found.status !== 0) console.log(`skipped: ${name} is not installed`);
    else {
      const version = /\d+\.\d+\.\d+/.exec(`${found.stdout.toString()} ${found.stderr.toString()}`)?.[0] ?? 'unknown';
      console.log(`${name} ${version}`);
      clients.push(await make(place));
      if (name === 'rclone') clients.push(rclone(place, ['--transfers', '256', '--checkers', '256']));
    }
  }
  return clients;
}

const PEERS: Readonly<Record<string, (place: Place) => Client | Promise<Client>>> = {
  rclone: (place) => rclone(place, []),
  s5cmd,
  aws,
  s3cmd,
};

function baseEnv({ home, server }: Place): Record<string, string> {
  // Programs in Go take their certificates from there.
  const trusted: Record<string, string> = server.certificate === null ? {} : { SSL_CERT_FILE: server.certificate };
  return { PATH: process.env['PATH'] ?? '', HOME: home, LC_ALL: 'C.UTF-8', ...trusted };
}

function awsEnv(place: Place): Record<string, string> {
  return {
    ...baseEnv(place),
    AWS_ACCESS_KEY_ID: KEY,
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(place.server.certificate === null ? {} : { AWS_CA_BUNDLE: place.server.certificate }),
  };
}

/** The least that anything on Node costs. */
export function bareNode(): Client {
  return { name: 'node -e 0', command: () => ({ argv: [process.execPath, '-e', '0'] }), verifies: 'downloads nothing' };
}

/** One command line for each kind of work, from the local path and the name that the client has for the object. */
function commands(
  env: Readonly<Record<string, string>>,
  { remote, argv }: { remote: string; argv: (local: string, far: string) => Record<Work['kind'], readonly string[]> },
): Client['command'] {
  return ({ kind, local, key }) => {
    const command = { env, argv: argv(local, `${remote}${key}`)[kind] };
    if (kind === 'put_stdin') return { ...command, pipe: { from: local } };
    return kind === 'get_stdout' ? { ...command, pipe: 'into_count' } : command;
  };
}

function breakwater(place: Place, { name, bin }: (typeof BUILDS)[number]): Client {
  const env = {
    ...awsEnv(place),
    AWS_ENDPOINT_URL_S3: place.server.endpoint,
    BREAKWATER_STATE_DIR: join(place.home, `state-${name}`),
  };
  const program = [process.execPath, bin];
  const argv = (local: string, far: string) => ({
    put: [...program, 'put', local, far],
    get: [...program, 'get', far, local],
    put_tree: [...program, 'put', '-r', `${local}/`, `${far}/`],
    get_tree: [...program, 'get', '-r', `${far}/`, local],
    put_stdin: [...program, 'put', '-', far],
    get_stdout: [...program, 'get', far, '-'],
    delete_tree: [...program, 'sweep', `${far}/`, '--older-than', '1d', '--yes', '--quiet'],
  });
  const verifies = 'every download, by the cheapest checksum or ETag of the whole';
  return { name, command: commands(env, { remote: 's3://bench/', argv }), verifies };
}

function rclone(place: Place, options: readonly string[]): Client {
  const env = {
    ...baseEnv(place),
    RCLONE_CONFIG_BENCH_TYPE: 's3',
    RCLONE_CONFIG_BENCH_PROVIDER: 'Other',
    RCLONE_CONFIG_BENCH_ENDPOINT: place.server.endpoint,
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: KEY,
    RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: SECRET,
  };
  const program = ['rclone', ...options];
  const argv = (local: string, far: string) => ({
    put: [...program, 'copyto', local, far],
    get: [...program, 'copyto', far, local],
    put_tree: [...program, 'copy', local, far],
    get_tree: [...program, 'copy', far, local],
    put_stdin: [...program, 'rcat', far],
    get_stdout: [...program, 'cat', far],
    delete_tree: [...program, 'delete', far],
  });
  return {
    name: program.join(' '),
    command: commands(env, { remote: 'bench:bench/', argv }),
    verifies: 'the MD5 of files, but not of objects in parts',
    isForTrees: options.length > 0,
  };
}

function aws(place: Place): Client {
  const copy = ['aws', '--endpoint-url', place.server.endpoint, 's3', 'cp', '--only-show-errors'];
  const argv = (local: string, far: string) => ({
    put: [...copy, local, far],
    get: [...copy, far, local],
    put_tree: [...copy, '--recursive', local, far],
    get_tree: [...copy, '--recursive', far, local],
    put_stdin: [...copy, '-', far],
    get_stdout: [...copy, far, '-'],
    delete_tree: [
      'aws',
      '--endpoint-url',
      place.server.endpoint,
      's3',
      'rm',
      '--recursive',
      '--only-show-errors',
      `${far}/`,
    ],
  });
  const verifies = 'nothing that it cannot compute: CRC64NVME needs awscrt';
  return { name: 'aws', command: commands(awsEnv(place), { remote: 's3://bench/', argv }), verifies };
}

function s5cmd(place: Place): Client {
  const program = ['s5cmd', '--endpoint-url', place.server.endpoint, '--log', 'error'];
  const argv = (local: string, far: string) => ({
    put: [...program, 'cp', local, far],
    get: [...program, 'cp', far, local],
    put_tree: [...program, 'cp', `${local}/`, `${far}/`],
    get_tree: [...program, 'cp', `${far}/*`, `${local}/`],
    put_stdin: [...program, 'pipe', far],
    get_stdout: [...program, 'cat', far],
    delete_tree: [...program, 'rm', `${far}/*`],
  });
  return { name: 's5cmd', command: commands(awsEnv(place), { remote: 's3://bench/', argv }), verifies: 'nothing' };
}

async function s3cmd(place: Place): Promise<Client> {
  const { host } = new URL(place.server.endpoint);
  const config = join(place.home, 's3cfg');
  const settings = {
    access_key: KEY,
    secret_key: SECRET,
    host_base: host,
    host_bucket: host,
    use_https: place.server.certificate === null ? 'False' : 'True',
    ...(place.server.certificate === null ? {} : { ca_certs_file: place.server.certificate }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  await writeFile(config, ['[default]', ...lines, ''].join('\n'));
  const program = ['s3cmd', '-c', config, '--no-progress', '--quiet'];
  const argv = (local: string, far: string) => ({
    put: [...program, 'put', local, far],
    get: [...program, 'get', far, local],
    put_tree: [...program, 'put', '--recursive', `${local}/`, `${far}/`],
    get_tree: [...program, 'get', '--recursive', `${far}/`, `${local}/`],
    put_stdin: [...program, 'put', '-', far],
    get_stdout: [...program, 'get', far, '-'],
    delete_tree: [...program, 'del', '--recursive', '--force', `${far}/`],
  });
  const verifies = 'MD5 ETags of files, but succeeds all the same';
  return { name: 's3cmd', command: commands(baseEnv(place), { remote: 's3://bench/', argv }), verifies };
}
