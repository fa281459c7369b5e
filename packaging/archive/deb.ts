import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { makeTar, type ArchiveFile } from './tar.ts';

interface DebOptions {
  /** What `control` says, in this order. Installed-Size is added. */
  readonly control: Readonly<Record<string, string>>;
  /** Scripts that dpkg runs, by name, such as `prerm`. */
  readonly scripts: Readonly<Record<string, Buffer>>;
  readonly timeS: number;
}

/** Returns a Debian package (deb(5)), without the tools of Debian. */
export function makeDeb(files: readonly ArchiveFile[], { control, scripts, timeS }: DebOptions): Buffer {
  const kilobytes = Math.ceil(files.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1024);
  const fields = Object.entries({ ...control, 'Installed-Size': String(kilobytes) });
  const texts = {
    control: fields.map(([name, value]) => `${name}: ${value}\n`).join(''),
    md5sums: files.map(({ path, bytes }) => `${hash('md5', bytes)}  ${path}\n`).join(''),
  };
  const controlFiles: readonly ArchiveFile[] = [
    ...Object.entries(texts).map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
    ...Object.entries(scripts).map(([path, bytes]) => ({ path, bytes, isExecutable: true })),
  ];
  const pack = (content: readonly ArchiveFile[]): Buffer => gzipSync(makeTar(content, { timeS, prefix: './' }));
  return makeAr(
    [
      { path: 'debian-binary', bytes: Buffer.from('2.0\n') },
      { path: 'control.tar.gz', bytes: pack(controlFiles) },
      { path: 'data.tar.gz', bytes: pack(files) },
    ],
    timeS,
  );
}

/** The format of ar, with the short names that deb(5) asks for. */
function makeAr(files: readonly ArchiveFile[], timeS: number): Buffer {
  const members = files.flatMap(({ path, bytes }) => [
    Buffer.from(
      `${path.padEnd(16)}${String(timeS).padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`,
    ),
    bytes,
    Buffer.alloc(bytes.length % 2, '\n'),
  ]);
  return Buffer.concat([Buffer.from('!<arch>\n'), ...members]);
}
