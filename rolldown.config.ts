import { readdirSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { defineConfig, rolldown, type Plugin } from 'rolldown';
import { chooseChunk } from './packaging/bundle/chunks.ts';
import { filesOnUse, oclifOnUse, runtimeInside, stamped } from './packaging/bundle/load-on-use.ts';

/** The one module that is not CommonJS (Ink's layout engine awaits at its top), loaded only where something is drawn. */
const TERMINAL = 'ui/terminal';

/** The packages' modules for bundlers: the SDK's load what they seldom need, such as credential providers, when they need it. */
const ON_NODE = { platform: 'node', resolve: { mainFields: ['module', 'main'] as string[] } } as const;

const commands = readdirSync('src/commands').map((file) => parse(file).name);

/** Every file that is written lies one folder deep, so that one relative address reaches the terminal from all of them. */
const terminalApart: Plugin = {
  name: 'terminal-apart',
  resolveId: {
    filter: { id: /\/ui\/terminal\.tsx$/ },
    handler: () => ({ id: `../${TERMINAL}.mjs`, external: true }),
  },
};

/** What is used here of undici: its index would load caches, mocks, and a browser's `fetch` and `WebSocket`. */
const UNDICI = `
import Agent from 'undici/lib/dispatcher/agent.js';
import api from 'undici/lib/api/index.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';
Object.assign(Dispatcher.prototype, api);
export { Agent, Dispatcher, Pool, ProxyAgent };
`;

const undiciInPart: Plugin = {
  name: 'undici-in-part',
  resolveId: { filter: { id: /^undici$/ }, handler: () => 'undici-in-part' },
  load: { filter: { id: /^undici-in-part$/ }, handler: () => UNDICI },
};

/** The code of the thread that digests, as a string: a program of one file, too, can start a thread with it. */
const threadWithin: Plugin = {
  name: 'thread-within',
  load: {
    filter: { id: /\/checksum\/thread\/thread-source\.ts$/ },
    handler: async (id) => {
      const thread = await rolldown({ ...ON_NODE, input: id.replace('thread-source', 'digest-thread') });
      const { output } = await thread.generate({ format: 'cjs', codeSplitting: false });
      if (output.length > 1) throw new Error('the thread is more than one file');
      return `export const THREAD_SOURCE = ${JSON.stringify(output[0].code)};`;
    },
  },
};

/** Of iovalkey only the client of one server: its index would load clusters, too. */
const valkeyInPart: Plugin = {
  name: 'valkey-in-part',
  resolveId: { filter: { id: /^iovalkey$/ }, handler: () => 'valkey-in-part' },
  load: {
    filter: { id: /^valkey-in-part$/ },
    handler: () => `import client from 'iovalkey/built/Redis.js'; export const Redis = client.default ?? client;`,
  },
};

/** oclif sorts its commands by the rules of a language, for which Node loads its tables: 12 of 235 ms of the time to start, in a profile. */
const plainOrder: Plugin = {
  name: 'plain-order',
  transform: {
    filter: { id: /@oclif\/core\/lib\/config\/plugin\.js$/ },
    handler: (code) => {
      const plain = code.replace('a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)');
      if (plain === code) throw new Error('oclif no longer sorts its commands as it did: is this plugin still needed?');
      return plain;
    },
  },
};

/** What is bundled is given on, and so are its licences. */
const licences = (fileName: string): Plugin => ({
  name: 'licences',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    const texts = [...new Set(modules.flatMap(findPackage))].toSorted().map(describeLicence);
    this.emitFile({ type: 'asset', fileName, source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
  },
});

/** The folder of the package that a module belongs to: none of our own. */
function findPackage(module: string): readonly string[] {
  if (!module.includes('/node_modules/')) return [];
  const name =
    module
      .split('/node_modules/')
      .at(-1)
      ?.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? '';
  return [module.slice(0, module.lastIndexOf('/node_modules/') + '/node_modules/'.length) + name];
}

function describeLicence(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
}

export default defineConfig([
  {
    input: {
      'cli/main': 'src/cli/main.ts',
      ...Object.fromEntries(commands.map((name) => [`commands/${name}`, `src/commands/${name}.ts`])),
    },
    ...ON_NODE,
    preserveEntrySignatures: 'allow-extension',
    plugins: [
      terminalApart,
      undiciInPart,
      threadWithin,
      valkeyInPart,
      plainOrder,
      oclifOnUse,
      filesOnUse,
      runtimeInside,
      stamped,
      licences('chunks/LICENSES.txt'),
    ],
    output: {
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: 'chunks/[name].cjs',
      exports: 'named',
      comments: false,
      charset: 'ascii',
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [{ name: chooseChunk, debugName: 'chooseChunk' }],
      },
    },
  },
  {
    input: { [TERMINAL]: 'src/ui/terminal.tsx' },
    platform: 'node',
    // Ink asks for it only where a developer of Ink does (DEV=true), and it is not among its dependencies.
    external: ['react-devtools-core'],
    plugins: [licences('ui/LICENSES.txt')],
    // React's build for developers costs several times the work for each frame.
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    output: { format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'ui/[name].mjs' },
  },
]);
