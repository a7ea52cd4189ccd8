import type { Argv, CommandModule } from "yargs";
import { readText } from "../io/files/read-file.ts";
import { CaffeError } from "../util/errors.ts";
import { nearestText } from "../util/nearest.ts";
import { version } from "../util/version.ts";
import { commandNames, loadCommands } from "./command-list.ts";
import { exitCodeOf, exitCodes, exitCodeTexts } from "./exit-codes.ts";
import { expandFlagFiles, normaliseFlags, readFlagValues } from "./flags.ts";
import { logFlags } from "./log-settings.ts";
import { guardOutput, showError } from "./output.ts";

/** Flags of every command besides those of the log. */
const ownFlags = {
  debug: { type: "boolean", default: false, describe: "show where an error came from" },
  flagfile: { type: "string", describe: "take flags from this file, one on a line" },
} as const;

/**
 * Runs one command line and says how it ended: an exit code, and after an error its text on standard error.
 *
 * A CaffeError is one clear line; anything else is a bug, and its stack is shown.
 */
export async function main(args: readonly string[]): Promise<number> {
  guardOutput();
  let isDebug = false;
  try {
    const given = expandFlagFiles(normaliseFlags(asked(args)), (file) =>
      readText(file, "flag file"),
    );
    const [command = "--help"] = given;
    checkCommand(command);
    const commands = await loadCommands(command);
    const flags = readFlagValues(given, commands, { ...logFlags, ...ownFlags });
    isDebug = flags.includes("--debug=true");
    await (await parserOf(flags, commands)).parseAsync();
    return exitCodes.done;
  } catch (error) {
    showError(error, isDebug);
    return exitCodeOf(error);
  }
}

/** What is asked for: nothing, and `help`, stand for the page of a command or of all. */
function asked([first, ...rest]: readonly string[]): string[] {
  if (first === undefined) return ["--help"];
  return first === "help" ? [...rest, "--help"] : [first, ...rest];
}

/** Makes sure that the first word is a command; help and version need none. */
function checkCommand(given: string): void {
  if (given.startsWith("-") || [...commandNames, "completion"].includes(given)) return;
  throw new CaffeError(
    `Unknown action: ${given}.${nearestText(given, commandNames)} Expected one of ${commandNames.join(", ")}.`,
  );
}

/** Flags are parsed by a library that is loaded behind the command, which may have begun work of its own. */
async function parserOf(flags: string[], commands: readonly CommandModule[]): Promise<Argv> {
  const { default: yargs } = await import("yargs");
  const codes = Object.entries(exitCodeTexts).map(([code, text]) => `  ${code}  ${text}`);
  const parser = yargs(flags);
  keepNoHelp(parser);
  return parser
    .scriptName("caffe")
    .usage("$0 <command> [flags]\n\nTrain, test and time deep nets from Caffe's prototxt files.")
    .command([...commands])
    .completion("completion", "print a script that lets bash or zsh complete commands and flags")
    .options(ownFlags)
    .options(logFlags)
    .group(["help", "version", ...Object.keys(ownFlags), ...Object.keys(logFlags)], "Everywhere:")
    .middleware(noteLogFlags)
    .parserConfiguration({ "camel-case-expansion": false, "duplicate-arguments-array": false })
    .strict()
    .demandCommand(1, "no command is given")
    .version(version)
    .help()
    .alias("help", "h")
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .example(
      "caffe new flowers --images=photos",
      "all that training takes, from photos/CLASS/*.jpg",
    )
    .example("caffe train --solver=flowers/solver.prototxt", "train it")
    .example("caffe train --solver=s.prototxt --snapshot=auto", "go on where it was interrupted")
    .example("caffe test --model=net.prototxt --weights=net.caffemodel", "score it")
    .example("source <(caffe completion)", "complete commands and flags in this shell")
    .epilogue(
      `\`caffe help <command>\` shows a command's flags and examples.\n\nExit codes:\n${codes.join("\n")}`,
    )
    .exitProcess(false)
    .fail((message, error) => {
      // What a flag's own check threw comes wrapped, its sentence whole.
      if (error?.name === "YError") throw new CaffeError(error.message, { cause: error });
      const text = message
        .replace(/\s*\n\s*/g, " ")
        .replace(
          /^Not enough non-option arguments: .*/,
          "A file, a folder or another word is missing",
        );
      const [command = ""] = flags;
      const page = commandNames.includes(command) ? `caffe help ${command}` : "caffe --help";
      throw error ?? new CaffeError(`${text}.${flagHint(text)} See ${page}.`);
    });
}

/** Behind each command that it calls yargs makes its page of help, in case it is asked for later: an eighth of what a short command takes. */
function keepNoHelp(parser: Argv): void {
  interface Internal {
    getInternalMethods(): { getUsageInstance(): { cacheHelpMessage: () => void } };
  }
  const usage = (parser as unknown as Internal).getInternalMethods().getUsageInstance();
  usage.cacheHelpMessage = () => {};
}

/** The flag that is missing before a file, as in `caffe test net.prototxt`. */
function flagHint(message: string): string {
  const [, file] = /^Unknown arguments?: ([^,]*\.prototxt)/.exec(message) ?? [];
  return file === undefined ? "" : ` Did you mean --model=${file}?`;
}

/** Lets glog's flags count wherever a log is opened: as in glog, a flag is its GLOG_ variable's other name. */
function noteLogFlags(argv: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(logFlags)) {
    if (argv[name] !== undefined) process.env[`GLOG_${name}`] = String(argv[name]);
  }
}
