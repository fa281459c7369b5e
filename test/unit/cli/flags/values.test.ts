import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSize, parseListen, parseSize } from '../../../../src/cli/flags/values.ts';
import { formatDuration, parseDuration } from '../../../../src/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['1ms', 1],
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['7d10h', 640_800_000],
    ['1h30m', 5_400_000],
    ['1m30s250ms', 90_250],
    // Two readings of an m: a minute unless an s follows.
    ['1m1ms', 60_001],
    ['0.5d', 43_200_000],
    ['1.25s', 1250],
    ['0.25m', 15_000],
    ['1.25h', 4_500_000],
    ['0.125d', 10_800_000],
    ['1.0004s', 1000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    ['', 'nothing'],
    ['30', 'a number needs a unit'],
    ['s', 'a unit needs a number'],
    ['-5s', 'time does not run back'],
    ['+5s', 'a sign'],
    ['5 s', 'a blank'],
    [' 5s', 'a blank before'],
    ['5s\n', 'a line end'],
    ['5S', 'units are lower case'],
    ['1.s', 'a point without digits'],
    ['.5s', 'a point without digits before it'],
    ['1e3s', 'an exponent'],
    ['0x10s', 'not decimal'],
    ['1.5ms', 'less than the least unit'],
    ['5s1m', 'units stand in falling order'],
    ['1h1h', 'a unit twice'],
    ['1w', 'an unknown unit'],
    ['5min', 'an unknown unit'],
    ['١s', 'digits of another script'],
    ['99999999999999999d', 'too long to count'],
  ])('refuses %j: %s', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('reads back whatever was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it('says undefined or whole ms for any text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^(\d{1,20}(\.\d{1,3})?(d|h|m|s|ms)){1,4}$/));
    fc.assert(
      fc.property(text, (any) => {
        const ms = parseDuration(any);
        expect(ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [-5, '0s'],
    [0.4, '0s'],
    [1, '1ms'],
    [999.6, '1s'],
    [90_000, '1m30s'],
    [86_400_000, '1d'],
    [86_461_001, '1d1m1s1ms'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('parseSize', () => {
  it.each([
    ['0B', 0],
    ['1B', 1],
    ['1KB', 1000],
    ['1KiB', 1024],
    ['8MiB', 8_388_608],
    ['8mib', 8_388_608],
    ['8M', 8_388_608],
    ['64k', 65_536],
    ['1G', 1_073_741_824],
    ['1T', 1_099_511_627_776],
    ['1GB', 1_000_000_000],
    ['1.5GiB', 1_610_612_736],
    ['1.25KiB', 1280],
    ['5TB', 5_000_000_000_000],
    ['5TiB', 5_497_558_138_880],
  ])('reads %s as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    ['', 'nothing'],
    ['8', 'a number needs a unit'],
    ['MiB', 'a unit needs a number'],
    ['-8MiB', 'less than nothing'],
    ['8 MiB', 'a blank'],
    ['8MiB\n', 'a line end'],
    ['8MBit', 'an unknown unit'],
    ['8PiB', 'an unknown unit'],
    ['.5MiB', 'a point without digits before it'],
    ['1e3MB', 'an exponent'],
    ['8constructor', 'no unit, though every object has it'],
    ['99999999TiB', 'too large to count'],
  ])('refuses %j: %s', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  it('reads back whatever was written', () => {
    // Multiples of a unit are where another unit than B is chosen.
    const bytes = fc
      .tuple(fc.nat(4095), fc.constantFrom(1, 1024, 1024 ** 2, 1024 ** 3, 1024 ** 4))
      .map(([count, unit]) => count * unit);
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), bytes), (size) => {
        expect(parseSize(formatSize(size))).toBe(size);
      }),
    );
  });

  it.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [1536, '1536B'],
    [1_048_576, '1MiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('parseListen', () => {
  it.each([
    ['8080', '127.0.0.1', 8080],
    ['0', '127.0.0.1', 0],
    ['0.0.0.0:9100', '0.0.0.0', 9100],
    ['localhost:65535', 'localhost', 65_535],
    ['[::1]:8080', '::1', 8080],
  ])('reads %s', (address, host, port) => {
    expect(parseListen(address)).toEqual({ host, port });
  });

  it.each([[''], ['localhost'], [':8080'], ['65536'], ['-1'], ['::1:8080'], ['[]:80'], ['host:80x'], ['http://h:80']])(
    'refuses %j',
    (address) => {
      expect(() => parseListen(address)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: `--listen: "${address}" is not accepted; expected [HOST:]PORT, such as 8080 or 127.0.0.1:8080`,
        }),
      );
    },
  );
});
