import { BreakwaterError } from '../../errors.ts';
import { expandHome, findHome } from '../find-home.ts';
import { readNamedFile } from '../settings/named-file.ts';
import type { Environment } from '../settings/resolve-settings.ts';

const REASON = 'push_secret';

/**
 * The `authorization` header of a push; null without credentials. Secrets come from the environment or from a file that
 * it names, never from a flag.
 * @throws BreakwaterError `config`; the message never contains a secret
 */
export function readAuthorization(env: Environment): string | null {
  const token = readSecret(env, 'BREAKWATER_PUSH_TOKEN');
  if (token !== null) {
    if (!/^[!-~]+$/.test(token)) {
      throw new BreakwaterError('config', 'BREAKWATER_PUSH_TOKEN is not a valid token', {
        details: { reason: REASON, hint: 'use visible ASCII characters without spaces' },
      });
    }
    return `Bearer ${token}`;
  }
  const user = env['BREAKWATER_PUSH_USER'] ?? '';
  if (user === '') return null;
  const password = readSecret(env, 'BREAKWATER_PUSH_PASSWORD') ?? '';
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function readSecret(env: Environment, name: string): string | null {
  const value = env[name] ?? '';
  if (value !== '') return value;
  const variable = `${name}_FILE`;
  const path = env[variable] ?? '';
  return path === '' ? null : readNamedFile({ name: variable, path: expandHome(path, findHome(env)) }, REASON).trim();
}
