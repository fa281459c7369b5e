import { describe, expect, it } from 'vitest';
import { beginView } from '../../../../src/breaker/watch/view.ts';
import { CLOSED, circuitOf, ISOLATED_ROW, OPEN_ROW, PROBED_ROW, rowOf } from '../../../support/watch.ts';

const OPTIONS = { isReadOnly: false, stateDirectory: null };
const open = circuitOf({ ...OPEN_ROW, name: 's3-upload@a' });
const probed = circuitOf({ ...PROBED_ROW, name: 's3-upload@b' });
const isolated = circuitOf({ ...ISOLATED_ROW, name: 's3-upload@c' });

describe('beginView', () => {
  it.each([
    ['an outage before anything else', [CLOSED, isolated, probed, open], open],
    ['the end of one before what somebody has isolated', [CLOSED, isolated, probed], probed],
    ['what is isolated before what is well', [CLOSED, isolated], isolated],
    ['the first of those that are well', [CLOSED, circuitOf(rowOf({ name: 'z' }))], CLOSED],
  ])('begins on %s', (_what, circuits, on) => {
    expect(beginView(OPTIONS, { circuits }).selected).toBe(on.name);
  });

  it('begins on nothing where there is no circuit', () => {
    expect(beginView(OPTIONS, { circuits: [] }).selected).toBeNull();
  });
});
