import { expect, it } from 'vitest';
import { findRequestsMax, hasRoomForState } from '../../../src/cli/descriptor-limit.ts';

it.each([
  [{ limit: null, open: 0 }, Number.POSITIVE_INFINITY],
  [{ limit: 1024, open: 24 }, 496],
  [{ limit: 64, open: 25 }, 15],
  [{ limit: 40, open: 25 }, 3],
  [{ limit: 24, open: 23 }, 1],
  [{ limit: 10, open: 23 }, 1],
])('allows, with %j, %d requests at once', (facts, requests) => {
  expect(findRequestsMax(() => facts)).toBe(requests);
});

it.each([
  [{ limit: null, open: 0 }, true],
  [{ limit: 34, open: 22 }, true],
  [{ limit: 33, open: 22 }, false],
])('has room for the state with %j: %s', (facts, hasRoom) => {
  expect(hasRoomForState(() => facts)).toBe(hasRoom);
});

it('reads the limit of this process', () => {
  expect(findRequestsMax()).toBeGreaterThan(1);
});
