import picomatch from 'picomatch';
import { assertNever, BreakwaterError } from './errors.ts';
import { compilePattern } from './pattern-program.ts';
import { parsePatternSource, type PatternNode } from './pattern-syntax.ts';

export interface KeyPatterns {
  /** Keys to include; empty for all. */
  readonly include: readonly string[];
  /** Keys to leave out; wins over `include`. */
  readonly exclude: readonly string[];
}

export type KeyFilter = (relativeKey: string) => boolean;

/** Steps that the backtracking engine may need for one key, as a power of two: some milliseconds. */
const BACKTRACKING_MAX = 22;

/**
 * Selects keys or paths by glob. As in .gitignore, a pattern without a slash matches the last segment at any depth
 * (`*.log`), one with a slash the whole name below the source or prefix (`a/**`). Compiled once, for a million keys.
 * The time for a key is bounded, whatever the pattern and the key.
 * @throws BreakwaterError `usage` for a pattern that cannot be matched in bounded time
 */
export function createKeyFilter({ include, exclude }: KeyPatterns): KeyFilter {
  const included = include.map(compile);
  const excluded = exclude.map(compile);
  return (key) =>
    (included.length === 0 || included.some((matches) => matches(key))) && !excluded.some((matches) => matches(key));
}

/** A leading slash anchors a pattern and is not part of the name. */
function compile(pattern: string): KeyFilter {
  if (!pattern.includes('/')) {
    const matchesName = compileGlob(pattern);
    return (key) => matchesName(key.slice(key.lastIndexOf('/') + 1));
  }
  return compileGlob(pattern.replace(/^\//u, ''));
}

/**
 * picomatch translates a glob into a regular expression. JavaScript's engine backtracks: with several `*`, one key that
 * nearly matches could keep it busy for hours, during which neither deadlines nor signals are served.
 */
function compileGlob(glob: string): KeyFilter {
  if (glob === '') throw new BreakwaterError('usage', 'a pattern is empty', { details: { hint: 'leave it out' } });
  const options = { dot: true, nonegate: true, strictSlashes: true } as const;
  const translated = picomatch(glob, options);
  const node = parsePatternSource(picomatch.makeRe(glob, options).source);
  if (node === null) {
    throw new BreakwaterError('usage', `the pattern ${glob} has parts of a regular expression that are not supported`, {
      details: { hint: 'use *, **, ?, [...] and {a,b}' },
    });
  }
  const lengthMax = backtrackingLengthMax(node);
  const matches = compilePattern(node);
  // The backtracking engine is ten times faster. As picomatch, take a key that is spelt as the pattern.
  return (key) => (key.length <= lengthMax ? translated(key) : key === glob || matches(key));
}

/** The greatest length of a key that is certain to be matched quickly with backtracking. */
function backtrackingLengthMax(node: PatternNode): number {
  const fixed = backtracking(node, 0);
  const loops = backtracking(node, 1) - fixed;
  return fixed > BACKTRACKING_MAX ? 0 : 2 ** ((BACKTRACKING_MAX - fixed) / loops);
}

/**
 * An upper limit of the steps for a key, as a power of two; what takes the same time for every key counts nothing.
 * @param loopCost the part of a repetition that can be as long as the key
 */
function backtracking(node: PatternNode, loopCost: number): number {
  switch (node.kind) {
    case 'sequence':
      return sum(node.parts, loopCost);
    case 'choice':
      return Math.log2(node.branches.length) + sum(node.branches, loopCost);
    case 'look':
      return hasLoop(node.body) ? backtracking(node.body, loopCost) : 0;
    case 'repeat':
      if (!isLoop(node)) return (node.most - node.least) * (1 + backtracking(node.body, loopCost));
      // Several ways to read the same characters, such as (a|aa)*, need exponential time.
      return readsOneCharacter(node.body) ? loopCost : Infinity;
    case 'character':
    case 'start':
    case 'end':
      return 0;
    default:
      return assertNever(node);
  }
}

function sum(nodes: readonly PatternNode[], loopCost: number): number {
  return nodes.reduce((total, node) => total + backtracking(node, loopCost), 0);
}

function isLoop(node: PatternNode): boolean {
  return node.kind === 'repeat' && !Number.isFinite(node.most);
}

function hasLoop(node: PatternNode): boolean {
  if (isLoop(node)) return true;
  if ('body' in node) return hasLoop(node.body);
  if (node.kind === 'sequence') return node.parts.some(hasLoop);
  return node.kind === 'choice' && node.branches.some(hasLoop);
}

/** One character, and conditions on it. */
function readsOneCharacter(node: PatternNode): boolean {
  const parts = node.kind === 'sequence' ? node.parts : [node];
  const characters = parts.filter(({ kind }) => kind === 'character').length;
  return (
    characters === 1 && parts.every((part) => part.kind === 'character' || (part.kind === 'look' && !hasLoop(part)))
  );
}
