import { assertNever } from './errors.ts';
import type { PatternNode } from './pattern-syntax.ts';

type Instruction =
  | { readonly kind: 'character'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'split'; readonly targets: readonly number[] }
  | { readonly kind: 'look'; readonly start: number; readonly isNegative: boolean; readonly next: number }
  | { readonly kind: 'start' | 'end' | 'match' };

/**
 * Compiles a pattern to a function whose time grows with the length of the text times the size of the pattern (with the
 * square of the length below `!(...)`), never exponentially: a place in the pattern is tried once at each place of the
 * text (R. Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009).
 */
export function compilePattern(node: PatternNode): (text: string) => boolean {
  const program: Instruction[] = [];
  emit(node, program);
  program.push({ kind: 'match' });
  return (text) => run(program, { text, start: 0, at: 0, looks: new Map() });
}

/** Appends the instructions of a node. Execution falls through to the next instruction. */
function emit(node: PatternNode, program: Instruction[]): void {
  switch (node.kind) {
    case 'sequence':
      for (const part of node.parts) emit(part, program);
      return;
    case 'choice':
      emitChoice(node.branches, program);
      return;
    case 'repeat':
      emitRepeat(node, program);
      return;
    case 'look':
      emitLook(node, program);
      return;
    case 'character':
    case 'start':
    case 'end':
      program.push(node);
      return;
    default:
      assertNever(node);
  }
}

function emitChoice(branches: readonly PatternNode[], program: Instruction[]): void {
  const split = program.length;
  program.push({ kind: 'split', targets: [] });
  const starts: number[] = [];
  const jumps: number[] = [];
  for (const branch of branches) {
    starts.push(program.length);
    emit(branch, program);
    jumps.push(program.length);
    program.push({ kind: 'split', targets: [] });
  }
  program[split] = { kind: 'split', targets: starts };
  for (const jump of jumps) program[jump] = { kind: 'split', targets: [program.length] };
}

function emitRepeat(
  { body, least, most }: { readonly body: PatternNode; readonly least: number; readonly most: number },
  program: Instruction[],
): void {
  for (let count = 0; count < least; count++) emit(body, program);
  if (Number.isFinite(most)) {
    for (let count = least; count < most; count++) emitChoice([body, { kind: 'sequence', parts: [] }], program);
    return;
  }
  const split = program.length;
  program.push({ kind: 'split', targets: [] });
  emit(body, program);
  program.push({ kind: 'split', targets: [split] });
  program[split] = { kind: 'split', targets: [split + 1, program.length] };
}

function emitLook(
  { body, isNegative }: { readonly body: PatternNode; readonly isNegative: boolean },
  program: Instruction[],
): void {
  const look = program.length;
  program.push({ kind: 'match' });
  emit(body, program);
  program.push({ kind: 'match' });
  program[look] = { kind: 'look', start: look + 1, isNegative, next: program.length };
}

interface Run {
  readonly text: string;
  /** The first instruction. */
  readonly start: number;
  /** Where in the text. */
  readonly at: number;
  /** What each look ahead has found at each place. */
  readonly looks: Map<number, boolean>;
}

/** Whether a `match` can be reached. Lookaheads are runs of their own, each once for a place of the text. */
function run(program: readonly Instruction[], { text, start, at, looks }: Run): boolean {
  const width = text.length + 1;
  const seen = new Set<number>();
  const open: number[] = [];
  const visit = (instruction: number, place: number): void => {
    const state = instruction * width + place;
    if (seen.has(state)) return;
    seen.add(state);
    open.push(state);
  };
  const looksAhead = (target: number, place: number): boolean => {
    const state = target * width + place;
    const known = looks.get(state) ?? run(program, { text, start: target, at: place, looks });
    looks.set(state, known);
    return known;
  };
  visit(start, at);
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const index = Math.floor(state / width);
    const place = state % width;
    const instruction = program[index];
    if (instruction === undefined || instruction.kind === 'match') return true;
    if (instruction.kind === 'split') for (const target of instruction.targets) visit(target, place);
    else if (instruction.kind === 'look') {
      if (looksAhead(instruction.start, place) !== instruction.isNegative) visit(instruction.next, place);
    } else if (instruction.kind === 'character') {
      if (place < text.length && instruction.accepts(text.charAt(place))) visit(index + 1, place + 1);
    } else if (place === (instruction.kind === 'start' ? 0 : text.length)) visit(index + 1, place);
  }
  return false;
}
