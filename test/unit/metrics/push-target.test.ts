import { describe, expect, it } from 'vitest';
import { findPushTarget } from '../../../src/metrics/push-target.ts';

const pathOf = (job: string, instance: string, url = 'http://gateway:9091'): string =>
  findPushTarget({ url, origin: 'BREAKWATER_PUSH', job, instance }).url.href.replace('http://gateway:9091', '');

describe('the group of a push', () => {
  it.each([
    ['plain', 'breakwater', 'web-1', '/metrics/job/breakwater/instance/web-1'],
    ['with blanks and percents', 'my job', '100%', '/metrics/job/my%20job/instance/100%25'],
    ['beyond ASCII', 'grüße', '\u{1f600}', '/metrics/job/gr%C3%BC%C3%9Fe/instance/%F0%9F%98%80'],
    ['with a slash', 'a/b', 'web/1', '/metrics/job@base64/YS9i/instance@base64/d2ViLzE'],
    ['of dots, which a path would swallow', '..', '.', '/metrics/job@base64/Li4/instance@base64/Lg'],
    ['of dots within a name', 'a..b', '...', '/metrics/job/a..b/instance/...'],
    ['that is empty', 'breakwater', '', '/metrics/job/breakwater/instance@base64/='],
    ['that would end the path', 'a?b', 'c#d', '/metrics/job/a%3Fb/instance/c%23d'],
  ])('%s is one path', (_what, job, instance, path) => {
    expect(pathOf(job, instance)).toBe(path);
  });

  it.each(['http://gateway:9091/', 'http://gateway:9091//'])('follows the path of %s', (url) => {
    expect(pathOf('j', 'i', url)).toBe('/metrics/job/j/instance/i');
    expect(pathOf('j', 'i', `${url}prefix/`)).toMatch(/\/prefix\/metrics\/job\/j\/instance\/i$/);
  });
});
