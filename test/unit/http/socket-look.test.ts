import { expect, it } from 'vitest';
import { SocketLook } from '../../../src/http/socket-look.ts';

it('calls after the turn that follows, and takes what comes in between with the next look', async () => {
  const look = new SocketLook();
  const turns: string[] = [];
  look.before(() => turns.push('first'));
  look.before(() => turns.push('second'));
  const turn = async (name: string): Promise<void> => {
    await new Promise(setImmediate);
    turns.push(name);
  };
  await turn('turn 1');
  // The look of the first two is under way, and may have passed what this one has to see.
  look.before(() => turns.push('third'));
  await turn('turn 2');
  await turn('turn 3');
  expect(turns).toEqual(['turn 1', 'first', 'second', 'turn 2', 'third', 'turn 3']);
});
