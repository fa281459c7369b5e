import type { ConfigFound, ValueDocument } from '../../documents/config-documents.ts';
import type { BreakwaterError } from '../../errors.ts';
import { alignColumns } from '../../ui/align-columns.ts';
import { escapeControls } from '../../escape.ts';
import type { UnknownVariable } from '../settings/unknown-variables.ts';
import type { TracedSetting, TracedValue } from '../settings/trace-settings.ts';
import type { CommandResult } from '../command-run.ts';

/** What `config` has found. */
export interface ShownConfig {
  readonly file: { readonly path: string; readonly isThere: boolean };
  readonly settings: readonly TracedSetting[];
  /** Null if one of them cannot be used. */
  readonly aws: Readonly<Record<string, TracedValue>> | null;
  readonly secrets: Readonly<Record<string, TracedValue>>;
  /** The full names of the circuits of `put` and `get`; empty if the endpoint cannot be used. */
  readonly circuits: readonly string[];
  readonly unknownVariables: readonly UnknownVariable[];
  /** Why a command with these settings would end before it sends anything; null if it would not. */
  readonly problem: BreakwaterError | null;
}

/** The result of `config`: tables for people, and the document. */
export function configResult(shown: ShownConfig): CommandResult {
  const { file, settings, aws, secrets, circuits, unknownVariables, problem } = shown;
  const isSecretSet = Object.values(secrets).some(({ value }) => value !== null);
  // The path is in the first line.
  const shorten = (setBy: string): string => setBy.replace(` in ${file.path}`, ' in the config file');
  const lines = [
    `config file: ${escapeControls(file.path)}${file.isThere ? '' : ' (there is none)'}`,
    '',
    ...alignColumns([
      ['SETTING', 'VALUE', 'FROM'],
      ...settings.map(({ key, value, otherwise, setBy }) => [
        key,
        formatValue(value, otherwise),
        shorten(setBy ?? 'default'),
      ]),
    ]),
    ...(aws === null ? [] : ['', ...tabulate('AWS SETTING', aws)]),
    ...(isSecretSet ? ['', ...tabulate('SECRET', secrets)] : []),
    ...(circuits.length === 0 ? [] : ['', `circuits: ${escapeControls(circuits.join(', '))}`]),
    ...(unknownVariables.length === 0 ? [] : ['', ...unknownVariables.map(warnOf)]),
  ];
  return { json: configDocument(shown), lines, ...(problem === null ? {} : { failure: problem }) };
}

function warnOf({ name, nearest }: UnknownVariable): string {
  const advice = nearest === null ? '' : `; did you mean ${nearest}?`;
  return `warning: ${escapeControls(name)} is no setting and has no effect${advice}`;
}

function tabulate(title: string, values: Readonly<Record<string, TracedValue>>): readonly string[] {
  const rows = Object.entries(values).map(([name, { value, setBy }]) => [
    name,
    formatValue(value, null),
    setBy ?? (value === null ? 'not set' : 'default'),
  ]);
  return alignColumns([[title, 'VALUE', 'FROM'], ...rows]);
}

function formatValue(value: TracedValue['value'], otherwise: string | null): string {
  if (value !== null) return String(value);
  return otherwise === null ? '-' : `(${otherwise})`;
}

function configDocument({ file, settings, aws, secrets, circuits, unknownVariables }: ShownConfig): ConfigFound {
  return {
    file: { path: file.path, found: file.isThere },
    settings: Object.fromEntries(
      settings.map(({ key, flag, variable, otherwise, ...traced }) => [
        key,
        { ...valueDocument(traced), flag, variable, otherwise },
      ]),
    ),
    aws: aws === null ? null : valueDocuments(aws),
    secrets: valueDocuments(secrets),
    circuits,
    unknown_variables: unknownVariables,
  };
}

function valueDocuments(values: Readonly<Record<string, TracedValue>>): Readonly<Record<string, ValueDocument>> {
  return Object.fromEntries(Object.entries(values).map(([name, traced]) => [name, valueDocument(traced)]));
}

function valueDocument({ value, source, setBy }: TracedValue): ValueDocument {
  return { value, source, set_by: setBy };
}
