import { win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** No file can be made below it; `/dev/null` would be a directory of the current drive. */
export const WINDOWS_NOWHERE = String.raw`\\.\NUL`;

/** The variable of XDG, which wins; that of Windows; where the latter usually is, below the home directory. */
const PLACES = {
  config: { xdg: 'XDG_CONFIG_HOME', own: 'APPDATA', usual: 'Roaming' },
  state: { xdg: 'XDG_STATE_HOME', own: 'LOCALAPPDATA', usual: 'Local' },
} as const;

/** The home directory: `HOME`, which Git's shell sets, else `USERPROFILE`, else what the system says. */
export function findWindowsHome(env: Environment, readEntry: () => { readonly homedir: string } | null): string {
  return [env['HOME'], env['USERPROFILE']].find(isHome) ?? [readEntry()?.homedir].find(isHome) ?? WINDOWS_NOWHERE;
}

/** The directory of a user's configuration or state. A relative value counts as unset. */
export function findWindowsPlace(
  kind: keyof typeof PLACES,
  { env, home }: { readonly env: Environment; readonly home: string },
): string {
  const { xdg, own, usual } = PLACES[kind];
  const above = [env[xdg], env[own]].find((value) => value !== undefined && win32.isAbsolute(value));
  return win32.join(above ?? win32.join(home, 'AppData', usual), 'breakwater');
}

/** With its drive or server, because `/c/Users` of another shell would be below the current drive. */
function isHome(path: string | undefined): path is string {
  return path !== undefined && win32.isAbsolute(path) && win32.parse(path).root.length > 1;
}
