/**
 * Met: with the endpoint in a profile, or in AWS_ENDPOINT_URL_S3, every hint said to check --endpoint-url; with the region in
 * AWS_REGION, to set --region; with a deadline in the environment, to allow more with --deadline.
 * Cause: the hints were fixed texts.
 * Fix: a hint is made from what has set each setting.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
const CLOSED = 'http://127.0.0.1:9';

it.each<[string, string, Record<string, string>, RegExp]>([
  ['a variable', '', { ...KEYS, AWS_ENDPOINT_URL_S3: CLOSED }, /check AWS_ENDPOINT_URL_S3$/],
  ['the other variable', '', { ...KEYS, AWS_ENDPOINT_URL: CLOSED }, /check AWS_ENDPOINT_URL$/],
  ['our variable', '', { ...KEYS, BREAKWATER_ENDPOINT_URL: CLOSED }, /check BREAKWATER_ENDPOINT_URL$/],
  ['a flag', `--endpoint-url ${CLOSED}`, { ...KEYS, AWS_ENDPOINT_URL: 'http://x' }, /check --endpoint-url$/],
  ['a profile', '', { AWS_PROFILE: 'lab' }, /check endpoint_url in profile "lab"$/],
  ['the key that is missing', '', { AWS_ACCESS_KEY_ID: 'a', AWS_REGION: 'r' }, /^set AWS_SECRET_ACCESS_KEY, or/],
  ['a variable, without credentials', '', { AWS_PROFILE: 'gone', AWS_REGION: 'r' }, /or correct AWS_PROFILE;/],
])('a hint names %s', async (_what, flags, env, hint) => {
  await using program = await Program.create({ BREAKWATER_RETRIES: '0', ...env });
  mkdirSync(program.path('.aws'));
  const lines = [
    '[profile lab]',
    `endpoint_url=${CLOSED}`,
    'aws_access_key_id=a',
    'aws_secret_access_key=b',
    'region=r',
  ];
  writeFileSync(program.path('.aws', 'config'), lines.join('\n'));
  const ended = await program.run([
    ...'get --json s3://bucket/key file'.split(' '),
    ...flags.split(' ').filter(Boolean),
  ]);
  expect(readDocument(ended).error?.['hint']).toMatch(hint);
});
