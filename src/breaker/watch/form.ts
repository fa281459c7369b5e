import { DURATION_FORMS, formatDuration, parseDuration } from '../../duration.ts';
import { LONGEST_ISOLATION_MS } from '../../circuit/circuit.ts';
import { assertNever } from '../../errors.ts';
import type { Key } from '../../ui/key.ts';
import type { Form } from './view.ts';

/** Maximum length of a field, so that it fits on a line of the history. */
const FIELD_MAX = 200;

export type FormStep =
  | { readonly kind: 'open'; readonly form: Form }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'confirmed'; readonly form: Form };

/** The form for a manual change, at its first field. Nothing changes before the final `y`. */
export function beginForm(kind: Form['kind'], circuit: string): Form {
  const field = kind === 'isolate' ? 'for' : 'reason';
  return { kind, circuit, field, duration: kind === 'isolate' ? '1h' : '', reason: '', problem: null };
}

/** The form after a key: text goes into the field, enter moves on, escape cancels. */
export function typeInForm(form: Form, key: Key): FormStep {
  if (key.kind === 'escape') return { kind: 'cancelled' };
  if (form.field === 'sure') {
    const isYes = key.kind === 'text' && key.text.toLowerCase() === 'y';
    return isYes ? { kind: 'confirmed', form } : { kind: 'cancelled' };
  }
  switch (key.kind) {
    case 'text':
      return edit(form, (text) => text + key.text);
    case 'backspace':
      return edit(form, dropLast);
    case 'clear':
      return edit(form, () => '');
    case 'enter':
      return { kind: 'open', form: nextField(form) };
    case 'up':
    case 'down':
    case 'page_up':
    case 'page_down':
    case 'home':
    case 'end':
    case 'interrupt':
      return { kind: 'open', form };
    default:
      return assertNever(key);
  }
}

function edit(form: Form, change: (text: string) => string): FormStep {
  const name = form.field === 'for' ? 'duration' : 'reason';
  const text = change(form[name]).slice(0, FIELD_MAX);
  return { kind: 'open', form: { ...form, [name]: text, problem: null } };
}

function nextField(form: Form): Form {
  if (form.field === 'reason') return { ...form, field: 'sure', reason: form.reason.trim() };
  const duration = form.duration.trim();
  const forMs = parseDuration(duration);
  if (duration !== '' && (forMs === undefined || forMs < 1 || forMs > LONGEST_ISOLATION_MS)) {
    return {
      ...form,
      problem: `"${duration}" is not valid: enter ${DURATION_FORMS}, at most ${formatDuration(LONGEST_ISOLATION_MS)}, or nothing for "until reset"`,
    };
  }
  return { ...form, duration, field: 'reason', problem: null };
}

/** The text without its last character. */
export function dropLast(text: string): string {
  return text.replace(/.$/su, '');
}
