import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskUrl } from '../../../../src/cli/settings/mask-url.ts';

describe('maskUrl', () => {
  it.each([
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['redis://user:secret@redis:6379/3', 'redis://***@redis:6379/3'],
    ['rediss://:secret@redis', 'rediss://***@redis'],
    ['http://token@gateway:9091/path', 'http://***@gateway:9091/path'],
    ['me:secret@proxy:3128', '***@proxy:3128'],
    ['proxy:3128', 'proxy:3128'],
    ['redis://:se/cr#et@h:1', 'redis://***@h:1'],
    ['redis://a:b@c@h:1', 'redis://***@h:1'],
    ['https://gateway/?token=secret', 'https://gateway/?***'],
    ['https://gateway/#secret', 'https://gateway/?***'],
    ['http://', '***'],
    ['se cret', '***'],
    ['http://host/\u001b[31m', '***'],
  ])('shows %j as %j', (url, shown) => {
    expect(maskUrl(url)).toBe(shown);
  });

  it('never shows a password, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (noise) => {
        expect(maskUrl(`redis://user:SECRET${noise}@host:6379/1`)).not.toContain('SECRET');
      }),
    );
  });
});
