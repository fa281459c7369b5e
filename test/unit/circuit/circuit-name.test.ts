import { describe, expect, it } from 'vitest';
import {
  findBareName,
  findFleetCircuit,
  isScope,
  matchesCircuit,
  NAMED_SCOPE,
  toFleetName,
} from '../../../src/circuit/circuit-name.ts';

describe('a name in a command', () => {
  it.each([
    ['s3-upload@eu-west-1', 's3-upload', true],
    ['s3-upload@eu-west-1', 's3-upload@eu-west-1', true],
    ['s3-upload@eu-west-1', 's3-upload@eu-west-2', false],
    ['s3-upload@eu-west-1', 's3-up', false],
    ['s3-upload@eu-west-1', 'eu-west-1', false],
    ['s3-download@eu-west-1', 's3-upload', false],
  ])('%s is meant by %s: %s', (fullName, query, isMeant) => {
    expect(matchesCircuit(fullName, query)).toBe(isMeant);
  });
});

describe('the bare name', () => {
  it.each([
    ['s3-upload@eu-west-1', 's3-upload'],
    ['s3-upload@minio@9000', 's3-upload'],
    ['c@x', 'c'],
    ['s3-upload', null],
  ])('of %s is %s', (circuit, bareName) => {
    expect(findBareName(circuit)).toBe(bareName);
  });
});

describe("the name of a fleet's circuit", () => {
  it('is apart from that of this host, and leads back to it', () => {
    expect(toFleetName('s3-upload@eu-west-1')).toBe('fleet/s3-upload@eu-west-1');
    expect(findFleetCircuit('fleet/s3-upload@eu-west-1')).toBe('s3-upload@eu-west-1');
  });

  it.each(['s3-upload@eu-west-1', 's3-upload@fleet/', 'fleet'])('is not %s', (name) => {
    expect(findFleetCircuit(name)).toBeNull();
  });
});

describe('a scope', () => {
  it.each([
    ['eu-west-1', true],
    ['minio.internal:9000', true],
    ['[::1]:9000', true],
    ['Region_1', true],
    ['', false],
    ['a b', false],
    ['a}b', false],
    ['*', false],
    ['redis://h', false],
    ['a\n', false],
  ])('may be %j: %s', (text, isOne) => {
    expect([isScope(text), NAMED_SCOPE.test(text)]).toEqual([isOne, isOne]);
  });

  it('has up to 100 characters where a person names it, and 260 where it is a host with its port', () => {
    const [long, longer] = ['a'.repeat(100), 'a'.repeat(101)];
    expect([NAMED_SCOPE.test(long), NAMED_SCOPE.test(longer)]).toEqual([true, false]);
    expect([isScope('a'.repeat(260)), isScope('a'.repeat(261))]).toEqual([true, false]);
  });
});
