import { findFleetCircuit } from '../../circuit/circuit-name.ts';
import { measureColumns, span, type Line } from '../../ui/frame.ts';
import type { Symbols } from '../../ui/symbols.ts';
import { writeActionCommand } from './shell-command.ts';
import type { WatchSnapshot } from './snapshot.ts';
import type { Canvas } from './table.ts';
import { listShown, type Form, type WatchView } from './view.ts';

/** The bottom of the screen: the open form, or the result of the last key and the available keys. */
export function drawFooter(snapshot: WatchSnapshot, view: WatchView, canvas: Canvas): readonly Line[] {
  if (view.form !== null) return drawForm(view.form, view, canvas.symbols);
  if (view.isFiltering) return drawFilter(snapshot, view, canvas.symbols);
  return [...drawMessage(view), drawKeys(view, canvas)];
}

function drawForm(form: Form, view: WatchView, symbols: Symbols): readonly Line[] {
  const { kind, circuit, field, duration, reason, problem } = form;
  const whose = findFleetCircuit(circuit) === null ? 'every process' : 'every host';
  const effect =
    kind === 'reset'
      ? `closes it for ${whose}; calls already in flight no longer count`
      : `refuses every call of ${whose} until the time is up or it is reset`;
  const input = (name: typeof field, text: string, about: string): Line => [
    span(` ${name.padEnd(7)}`, field === name ? 'strong' : 'faint'),
    span(text + (field === name ? symbols.cursor : '')),
    ...(field === name ? [span(`  ${about}`, 'faint')] : []),
  ];
  return [
    [span(` ${kind} ${circuit}: `, 'strong'), span(effect, 'warning')],
    ...(kind === 'isolate' ? [input('for', duration, 'such as 30m or 2h; empty = until a reset')] : []),
    input('reason', reason, 'shown in the history and with refused calls; may be empty'),
    ...(problem === null ? [] : [[span(` ${problem}`, 'warning')]]),
    [span(` $ ${writeActionCommand(form, view.options)}`, 'faint')],
    field === 'sure'
      ? [span(` ${kind} it now? y = yes, any other key = no`, 'marked')]
      : [span(' enter = next   ctrl-u = clear   esc = cancel', 'faint')],
  ];
}

function drawFilter(snapshot: WatchSnapshot, view: WatchView, symbols: Symbols): readonly Line[] {
  const count = listShown(snapshot, view).length;
  return [
    [
      span(` filter /${view.filter}${symbols.cursor}`, 'strong'),
      span(`  ${count} of ${snapshot.circuits.length}`, 'faint'),
    ],
    [span(' enter = apply   esc = show all', 'faint')],
  ];
}

function drawMessage({ message, filter }: WatchView): readonly Line[] {
  if (message === null) return filter === '' ? [] : [[span(` filter /${filter}`, 'faint')]];
  const { text, tone, command } = message;
  // One row each, so that the command is not cut off.
  return [
    ...(text === '' ? [] : [[span(` ${text}`, tone)]]),
    ...(command === null ? [] : [[span(` $ ${command}`, 'faint')]]),
  ];
}

/** As many keys as fit, least obvious first. Help and quit are always shown. */
function drawKeys({ page, isPaused, options }: WatchView, { columns }: Canvas): Line {
  if (page === 'help') return [span(' any key = back   q = quit', 'faint')];
  const optional = [
    page === 'detail' ? 'esc back' : 'enter detail',
    ...(options.isReadOnly ? [] : ['r reset', 'i isolate']),
    isPaused ? 'space resume' : 'space pause',
    't time span',
    '/ filter',
    'j/k move',
  ];
  let text = ' ? help  q quit';
  for (const key of optional) {
    if (measureColumns(text) + 2 + key.length > columns) break;
    text += `  ${key}`;
  }
  return [span(text, 'faint')];
}
