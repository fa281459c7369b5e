/** The servers of a stage, and the shell: the one process that `stage.ts` starts there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import type { StageOrder } from './stage.ts';

const DAY_MS = 86_400_000;
/** The bucket that the documents name, and what they take from it or sweep there: keys and ages in days. */
const OBJECTS = [
  ['backups/db.tar', 0],
  ['backups/backup.tar', 0],
  ['cache/kept', 0],
  ['cache/left.tmp', 0],
  ['db/app.sql', 0],
  ['logs/2024-01.gz', 300],
  ['previews/17/index.html', 20],
  ['site/index.html', 0],
  ['tmp/old', 30],
  ['tmp/new', 0],
] as const;

const root = process.argv[2] ?? '';
const order = JSON.parse(readFileSync(join(root, 'order.json'), 'utf8')) as StageOrder;

const sandbox = await startSandbox({ port: order.storePort });
seed(sandbox);
const gateway = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    writeFileSync(join(root, 'home/pushed'), body);
    response.end();
  });
}).listen(9091, '127.0.0.1');
await once(gateway, 'listening');
if (order.engine !== null) await startEngine(order.engine);

const shell = spawn('bash', ['--norc', '--noprofile', '-c', order.script], {
  cwd: join(root, 'work'),
  env: {
    HOME: join(root, 'home'),
    LANG: 'C.UTF-8',
    TERM: 'xterm',
    PATH: `${join(root, 'stand-ins')}:/usr/local/bin:/usr/bin:/bin:${process.env['PATH']}`,
    ROOT: root,
    // A busy machine is no failure of the fleet.
    BREAKWATER_FLEET_TIMEOUT: '10s',
  },
  stdio: ['ignore', 'inherit', 'inherit'],
});
await once(shell, 'close');
// Every process of the stage ends with this one.
process.exit();

function seed({ seed: store, createBucket }: Sandbox): void {
  createBucket('my-bucket');
  createBucket('my-backups');
  for (const [key, days] of OBJECTS) store({ bucket: 'my-bucket', key, body: 'SELECT 1;\n', ageMs: days * DAY_MS });
}

async function startEngine(program: string): Promise<void> {
  const options = ['--port', '6379', '--save', '', '--appendonly', 'no', '--dir', join(root, 'home')];
  spawn(program, options, { stdio: 'ignore' });
  for (;;) {
    const socket = connect(6379, '127.0.0.1');
    const isHere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isHere) return;
    await wait(25);
  }
}
