import type { CircuitState } from '../../circuit/circuit.ts';
import { fit, span, type Line } from '../../ui/frame.ts';
import { drawLamp, type Place } from './table.ts';
import type { WatchView } from './view.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['j k, arrows', 'move; g G, home end: first, last; 1-9: that row'],
  ['enter', 'all about one circuit, and its history; esc: back'],
  ['/', 'show only the circuits whose name contains a text'],
  ['t', 'time span of the activity: 5m, 15m, 1h'],
  ['space', 'stand still, and go on'],
  ['r', 'reset: close the circuit by hand; asks first'],
  ['i', 'isolate: hold it open by hand, for a time or until a reset; asks first'],
  ['?', 'this help'],
  ['q, ctrl-c', 'quit'],
];

const STATES: readonly (readonly [CircuitState, string])[] = [
  ['closed', 'calls go out; so many failures in a row open it'],
  ['open', 'calls are refused without a request, until a probe is due'],
  ['half_open', 'one probe at a time goes out; so many that succeed close it'],
  ['isolated', 'held open by hand'],
];

/** What the keys do and what the lamps mean. */
export function drawHelp({ options }: WatchView, { look }: Place): readonly Line[] {
  const keys = KEYS.map(([key, text]): Line => {
    const isOff = options.isReadOnly && (key === 'r' || key === 'i');
    return [
      span(` ${fit(key, 13)} `, 'strong'),
      span(isOff ? `${text} (off: --read-only)` : text, isOff ? 'faint' : 'plain'),
    ];
  });
  const states = STATES.map(([state, text]): Line => {
    const { text: lamp, tone } = drawLamp(state, look);
    return [span(` ${fit(lamp, 13)} `, tone), span(text)];
  });
  return [[], ...keys, [], ...states];
}
