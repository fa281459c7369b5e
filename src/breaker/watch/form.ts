import { DURATION_FORMS, formatDuration, parseDuration } from '../../duration.ts';
import { LONGEST_ISOLATION_MS } from '../../circuit/circuit.ts';
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
  if (key.kind === 'enter') return { kind: 'open', form: nextField(form) };
  const name = form.field === 'for' ? 'duration' : 'reason';
  const text = editText(form[name], key);
  return { kind: 'open', form: text === null ? form : { ...form, [name]: text.slice(0, FIELD_MAX), problem: null } };
}

/** The text after a key; null for a key that does not edit text. */
export function editText(text: string, key: Key): string | null {
  if (key.kind === 'text' || key.kind === 'paste') return text + key.text;
  if (key.kind === 'backspace') return text.replace(/.$/su, '');
  return key.kind === 'clear' ? '' : null;
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
