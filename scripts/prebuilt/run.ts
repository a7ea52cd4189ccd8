import { spawnSync } from "node:child_process";

/** How a command is run. */
interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a command, what it prints shown.
 * @throws Error where it fails
 */
export function run(command: string, args: readonly string[], { cwd, env }: RunOptions = {}): void {
  const { status, error } = spawnSync(command, args, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
    stdio: "inherit",
    // npm and npx are no programs there, but scripts.
    shell: process.platform === "win32",
  });
  if (error || status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? `ends with ${status}`}`);
  }
}

/**
 * What a command prints.
 * @throws Error where it fails
 */
export function output(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...env },
  });
  if (error || status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
  return stdout;
}
