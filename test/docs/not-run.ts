/** A command line that command-lines.test.ts does not run. */
export interface NotRun {
  /** The line itself, or what all such lines have in common. */
  readonly line: string | RegExp;
  readonly why: string;
  /** What runs it instead: a test, or the script of CI. */
  readonly by?: string;
}

const CI = '.ci/run';
const PACKAGE = 'test/package/package.test.ts';
const EXAMPLES = 'test/package/examples.test.ts';
const FRESH_DEBIAN = 'test/package/fresh-debian.test.ts';

export const NOT_RUN: readonly NotRun[] = [
  { line: 'npm ci', why: 'installs from a registry; the first line of CI', by: CI },
  { line: 'npm run demo', why: 'takes 40 s', by: CI },
  { line: 'npm run check', why: 'takes minutes', by: CI },
  { line: 'npm run proof', why: 'takes an hour', by: CI },
  { line: 'npm run test:package', why: 'takes minutes', by: CI },
  { line: 'npm run test:realstore', why: 'needs Ceph or Swift, and takes minutes', by: CI },
  { line: 'npm run test:proxy', why: 'needs Ceph and a proxy', by: CI },
  { line: 'npm run test:docs', why: 'is what runs this test', by: CI },
  { line: 'npm test', why: 'the end of `npm run check`; takes minutes', by: 'package.json' },
  { line: 'npm run manifest', why: 'changes the clone; a part of `npm run check`', by: 'package.json' },
  { line: 'npm run check:branches', why: 'a part of `npm run check`', by: 'package.json' },
  { line: 'npm run test:undici', why: 'takes minutes; a part of `npm run proof`', by: 'package.json' },
  { line: 'npm run mutation', why: 'takes an hour; a part of `npm run proof`', by: 'package.json' },
  { line: 'npm run package', why: 'takes a minute; a part of `npm run test:package`', by: 'package.json' },
  { line: 'npm run guides', why: 'changes the clone; what it writes is compared by `npm run test:docs`' },
  { line: 'npm run picture', why: 'changes the clone; what it draws is compared by `npm run test:docs`' },
  { line: 'npm run schema', why: 'changes the clone; a part of `npm run check`', by: 'package.json' },
  {
    line: 'source <(breakwater completion zsh)',
    why: 'is for zsh, which a test sources it in',
    by: 'test/e2e/completion.test.ts',
  },
  { line: 'npm run format', why: 'changes the clone; `npm run check` looks for what it would change' },
  {
    line: 'npm run --silent build && npx vitest run test/unit/circuit/truth-table.test.ts',
    why: 'builds what this test is using, and starts a test in a test; package.json does both everywhere',
  },
  {
    line: /^(?:BREAKWATER_BENCH_BESIDE=\S+ )?npm run bench\b/,
    why: 'measures for minutes or hours; figures are for reading',
  },
  { line: 'npm audit', why: 'needs a registry' },
  { line: 'npm owner ls breakwater', why: 'needs a registry' },
  { line: 'npm pack', why: 'the package of npm is made and installed from there', by: PACKAGE },
  { line: 'npm install -g breakwater-0.1.0.tgz', why: 'installs for all users', by: PACKAGE },
  { line: 'npm install -g .', why: 'installs for all users; the test of the package installs what it would link' },
  {
    line: 'sha256sum --check --ignore-missing SHA256SUMS',
    why: 'needs the archives of `npm run package`',
    by: PACKAGE,
  },
  {
    line: 'tar -xzf breakwater-0.1.0-linux-x64.tar.gz && ./breakwater-0.1.0-linux-x64/breakwater --version',
    why: 'needs the archives of `npm run package`',
    by: PACKAGE,
  },
  {
    line: 'sudo apt install ./breakwater_0.1.0_amd64.deb',
    why: 'installs on the machine; the test does it on a fresh Debian',
    by: FRESH_DEBIAN,
  },
  {
    line: 'docker build -t breakwater:0.1.0 .',
    why: 'needs Docker and an image; the test reads the Dockerfile',
    by: PACKAGE,
  },
];

/** The files of packaging/ that are given out as they are, and the test that runs what is in them. */
export const PACKAGING: Readonly<Record<string, string>> = {
  'packaging/container/Dockerfile': PACKAGE,
  'packaging/debian/postinst': FRESH_DEBIAN,
  'packaging/debian/postrm': FRESH_DEBIAN,
  'packaging/debian/prerm': PACKAGE,
  'packaging/examples/cron/breakwater': EXAMPLES,
  'packaging/examples/github/action.yml': EXAMPLES,
  'packaging/examples/gitlab/breakwater.gitlab-ci.yml': EXAMPLES,
  'packaging/examples/kubernetes/cronjob.yaml': EXAMPLES,
  'packaging/systemd/breakwater-metrics.service': PACKAGE,
  'packaging/systemd/breakwater-sweep@.service': EXAMPLES,
  'packaging/systemd/breakwater-sweep@.timer': PACKAGE,
};
