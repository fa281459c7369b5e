import { join } from 'node:path';
import { findWindowsPlace } from '../../systems/windows-places.ts';
import type { Environment } from './resolve-settings.ts';

interface User {
  readonly env: Environment;
  readonly home: string;
  /** @default the system that this runs on */
  readonly platform?: NodeJS.Platform;
}

/**
 * The directory of a user's configuration or state: that of the XDG base directory specification, in which a relative
 * value counts as unset. On macOS too, so that dotfiles hold on both.
 */
export function findUserPlace(kind: 'config' | 'state', { env, home, platform = process.platform }: User): string {
  if (platform === 'win32') return findWindowsPlace(kind, { env, home });
  const named = env[kind === 'config' ? 'XDG_CONFIG_HOME' : 'XDG_STATE_HOME'] ?? '';
  const usual = kind === 'config' ? '.config' : '.local/state';
  return join(named.startsWith('/') ? named : join(home, usual), 'breakwater');
}
