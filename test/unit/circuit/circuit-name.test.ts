import { describe, expect, it } from 'vitest';
import { findBareName, matchesCircuit } from '../../../src/circuit/circuit-name.ts';

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
