import { join } from 'node:path';
import { string } from '@oclif/core/args';
import { option } from '@oclif/core/flags';
import { BaseCommand, type CommandInput, type Flags } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { bashCompletion } from '../cli/completion/bash-completion.ts';
import { LISTED } from '../cli/completion/completion-model.ts';
import { fishCompletion } from '../cli/completion/fish-completion.ts';
import { listKnownNames } from '../cli/completion/known-names.ts';
import { zshCompletion } from '../cli/completion/zsh-completion.ts';
import { localFlags } from '../cli/flags/flags.ts';
import { readManifest } from '../cli/help/manifest.ts';
import { BreakwaterError } from '../errors.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

const ROOT = join(import.meta.dirname, '..', '..');

export default class Completion extends BaseCommand<typeof Completion> {
  static override summary = 'print the completion script for bash, zsh or fish';
  static override description =
    'The script completes commands, flags, values, circuits, profiles of the AWS files, and buckets used before. Completing sends nothing to S3. The .deb installs it for all three shells.';
  static override usage = 'completion SHELL [FLAGS]';
  static override examples = [
    { description: 'For bash, in ~/.bashrc', command: 'source <(<%= config.bin %> completion bash)' },
    { description: 'For zsh, in ~/.zshrc, after compinit', command: 'source <(<%= config.bin %> completion zsh)' },
    {
      description: 'For fish',
      command: '<%= config.bin %> completion fish > ~/.config/fish/completions/breakwater.fish',
    },
  ];
  static override baseFlags = localFlags;
  static override flags = {
    list: option({ options: LISTED, hidden: true, summary: 'print names that the scripts complete' })(),
  };
  static override args = {
    shell: string({ options: Object.keys(SHELLS), description: 'bash, zsh or fish' }),
  };

  /** It uses none of them, and must work wherever a line is typed. */
  protected override async checkSettings(): Promise<void> {
    await Promise.resolve();
  }

  protected override printsFile(): boolean {
    return true;
  }

  protected override needsSettings({ list }: Flags<typeof Completion>): boolean {
    return list !== undefined;
  }

  protected override async execute(
    run: CommandRun,
    { args, flags }: CommandInput<typeof Completion>,
  ): Promise<CommandResult> {
    if (flags.list !== undefined) {
      const names = await listKnownNames(flags.list, run);
      return { json: { names }, lines: names };
    }
    const shell = (['bash', 'zsh', 'fish'] as const).find((name) => name === args.shell);
    if (shell === undefined) {
      throw new BreakwaterError('usage', 'completion needs the name of a shell: bash, zsh or fish', {
        details: { reason: 'needs_shell', hint: 'for example: breakwater completion bash' },
      });
    }
    const script = SHELLS[shell](await readManifest(ROOT));
    return { json: { shell, script }, lines: [script.trimEnd()] };
  }
}
