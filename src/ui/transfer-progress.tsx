import { Box, render, Text, type Instance } from 'ink';
import type { ReactElement } from 'react';
import { describeProgress, measureShare } from './progress-text.ts';
import type { TransferSnapshot } from './transfer-snapshot.ts';

const BAR_COLUMNS = 24;

interface ProgressProps {
  readonly snapshot: TransferSnapshot;
  /** On the monotonic clock, in ms. */
  readonly nowMs: number;
  /** Shown before the numbers, escaped already. */
  readonly name: string;
  readonly columns: number;
}

/** One line: a bar where the whole is known, then the numbers, then the name as far as it fits. */
export function TransferProgress({ snapshot, nowMs, name, columns }: ProgressProps): ReactElement {
  const share = measureShare(snapshot);
  const filled = Math.round((share ?? 0) * BAR_COLUMNS);
  return (
    <Box width={Math.max(20, columns - 1)}>
      {share === null || columns < 60 ? null : (
        <Box flexShrink={0}>
          <Text>{`[${'#'.repeat(filled)}${'-'.repeat(BAR_COLUMNS - filled)}] `}</Text>
        </Box>
      )}
      <Text wrap="truncate-end">{`${describeProgress(snapshot, nowMs)}  ${name}`}</Text>
    </Box>
  );
}

/** A progress line on the screen, until it is stopped. */
export interface LiveProgress {
  readonly show: (props: Omit<ProgressProps, 'columns'>) => void;
  /** Clears the line, writes, and draws it again. */
  readonly stepAside: (write: () => void) => void;
  /** Clears the line for good and gives the cursor back. */
  readonly stop: () => void;
}

/** Draws on `stderr`; `hasColour` is for what is yet to come, the line itself has none. */
export function startLiveProgress(stderr: NodeJS.WriteStream): LiveProgress {
  let instance: Instance | null = null;
  let last: Omit<ProgressProps, 'columns'> | null = null;
  const draw = (): void => {
    if (last === null) return;
    const view = <TransferProgress {...last} columns={stderr.columns} />;
    if (instance === null) {
      instance = render(view, { stdout: stderr, stderr, exitOnCtrlC: false, patchConsole: false });
    } else {
      instance.rerender(view);
    }
  };
  return {
    show: (props) => {
      last = props;
      draw();
    },
    stepAside: (write) => {
      instance?.clear();
      write();
      draw();
    },
    stop: () => {
      instance?.clear();
      instance?.unmount();
      instance = null;
    },
  };
}
