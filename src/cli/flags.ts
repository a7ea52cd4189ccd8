import type { Argv, CommandModule, Options } from "yargs";
import { usualThreads } from "../io/jobs/in-order.ts";
import { CaffeError } from "../util/errors.ts";
import { nearest } from "../util/nearest.ts";

/** Flag files may name flag files, but not without end. */
const MOST_NESTED = 10;
/** The range of gflags' whole numbers. */
const LEAST_INT = -(2 ** 31);
const MOST_INT = 2 ** 31 - 1;
/** How many threads a flag may ask for: more would only run out of memory. */
export const MOST_THREADS = 1024;

/** What a number given by a flag may be. */
interface NumberOptions {
  readonly describe: string;
  readonly default?: number;
  readonly least?: number;
  readonly most?: number;
  readonly demandOption?: boolean;
}

/** A flag or positional by its name, as yargs' `option` and `positional` take it. */
type NumberFlag<K extends string, O> = [K, Omit<O, "least" | "most"> & { type: "number" }];

/**
 * A flag that is a whole number between `least` (0 by default) and `most` (2³¹ − 1): `.option(...whole("top", { … }))`.
 * Any other value is an error.
 */
export function whole<K extends string, O extends NumberOptions>(
  name: K,
  options: O,
): NumberFlag<K, O> {
  const { least = 0, most = MOST_INT } = options;
  const from = least === LEAST_INT ? "" : `, ${least} or more`;
  return numberFlag(name, options, (value) => {
    if (value > most) return `a whole number, ${most} or less`;
    return Number.isInteger(value) && value >= least ? undefined : `a whole number${from}`;
  });
}

/** As `whole`, below zero too: a net's level. */
export function wholeOfAnySign<K extends string, O extends NumberOptions>(
  name: K,
  options: O,
): NumberFlag<K, O> {
  return whole(name, { ...options, least: LEAST_INT });
}

/** Which layers of a net with several states are built. */
export const levelFlag = wholeOfAnySign("level", { default: 0, describe: "the net's level" });
export const stageFlag = [
  "stage",
  { type: "string", describe: "the net's stages, separated by commas" },
] as const;

/** What arrays between layers are kept as. */
export const precisionFlag = [
  "precision",
  {
    type: "string",
    choices: ["f32", "bf16", "f16"],
    describe:
      "what data and gradients between layers are kept as; what the net says (default_forward_type), else f32. bf16 and f16 take half the memory: bf16 on a processor with AVX512_BF16, f16 on a GPU with shader-f16, whose products are of halves, too",
  },
] as const;

/** A flag that is a number between `least` and `most`, where they are given. */
export function real<K extends string, O extends NumberOptions>(
  name: K,
  options: O,
): NumberFlag<K, O> {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = options;
  return numberFlag(name, options, (value) => {
    if (value > most) return `a number, ${most} or less`;
    if (value < least) return `a number, ${least} or more`;
    return Number.isFinite(value) ? undefined : "a number";
  });
}

function numberFlag<K extends string, O extends NumberOptions>(
  name: K,
  { least: _least, most: _most, ...options }: O,
  expected: (value: number) => string | undefined,
): NumberFlag<K, O> {
  // Of a flag that is repeated the last holds.
  const coerce = (given: number | readonly number[] | undefined): number | undefined => {
    const value = typeof given === "object" ? given.at(-1) : given;
    const problem = value === undefined ? undefined : expected(value);
    if (problem === undefined) return value;
    const title = options.demandOption ? name : `--${name}`;
    throw new CaffeError(`${title} is ${value}. Expected ${problem}.`);
  };
  const declared: Options = { ...options, type: "number", coerce };
  return [name, declared as NumberFlag<K, O>[1]];
}

/** A flag of text that may stand alone: it takes no word behind it, and its value is empty then. */
export function alone<K extends string>(
  name: K,
  options: { readonly describe: string },
): [name: K, options: { readonly type: "string"; readonly describe: string }] {
  const declared = { ...options, type: "string" } as const;
  standAlone.add(declared);
  return [name, declared];
}

/** The options of flags that may stand alone. */
const standAlone = new WeakSet<object>();

/** `--threads` of tools that work on images: how many of them do what `work` says, 0 for none beside the tool itself. */
export function threadsThat(
  work: string,
): NumberFlag<"threads", NumberOptions & { readonly default: number }> {
  const describe = `threads that ${work}`;
  return whole("threads", { default: usualThreads(), most: MOST_THREADS, describe });
}

/** The words of a command line, and what yargs knows of its command's flags. */
interface Flags {
  readonly boolean: ReadonlySet<string>;
  readonly number: ReadonlySet<string>;
  /** Those that may stand alone. */
  readonly alone: ReadonlySet<string>;
  /** All of them, of any type. */
  readonly known: ReadonlySet<string>;
}

/** Flags that yargs answers by itself. */
const answered: ReadonlySet<string> = new Set(["help", "version"]);

/**
 * Brings the values of flags to one form, by gflags' rules. `--name` and `--name=yes` become `--name=true`, `--noname`,
 * `--no-name` and `--name=0` become `--name=false`, so that a Boolean flag never takes the word behind it; a number must
 * be one.
 *
 * @param args flags with two dashes, as `normaliseFlags` makes them
 * @param commands what the first word may be
 * @param everywhere options that all of them have
 * @throws CaffeError where a value is neither true nor false, or no number, or a flag is none of the command's
 */
export function readFlagValues(
  args: readonly string[],
  commands: readonly CommandModule[],
  everywhere: Readonly<Record<string, Options>>,
): string[] {
  const flags = flagsOf(args, commands, everywhere);
  // A shell that asks how a line may go on gives half a line.
  const isWhole = !args.includes(ASKED_BY_SHELL);
  const read: string[] = [];
  for (const [i, arg] of args.entries()) {
    if (arg === "--") return [...read, ...args.slice(i)];
    if (isWhole) checkKnown(arg, flags, args[0]);
    read.push(readFlag(arg, args[i + 1], flags));
  }
  return read;
}

/** What the script of `caffe completion` gives to the command. */
const ASKED_BY_SHELL = "--get-yargs-completions";

function checkKnown(arg: string, { known, boolean }: Flags, command = ""): void {
  const [, name] = /^--([^=]+)/.exec(arg) ?? [];
  if (name === undefined || known.has(name) || boolean.has(name.replace(/^no-?/, ""))) return;
  const near = nearest(name, known);
  const page = command.startsWith("-") ? "caffe help" : `caffe help ${command}`;
  throw new CaffeError(
    `Unknown flag --${name}.${near === undefined ? "" : ` Did you mean --${near}?`} See ${page}.`,
  );
}

function readFlag(arg: string, next: string | undefined, flags: Flags): string {
  const [, name = "", value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
  if (flags.boolean.has(name)) {
    if (answered.has(name)) return arg;
    return `--${name}=${value === undefined ? true : truthOf(name, value)}`;
  }
  const negated = name.replace(/^no-?/, "");
  if (negated !== name && flags.boolean.has(negated)) {
    if (value === undefined) return `--${negated}=false`;
    throw new CaffeError(`--${name} is ${value}. Expected no value, or --${negated}=${value}.`);
  }
  if (flags.alone.has(name) && value === undefined) return `${arg}=`;
  if (flags.number.has(name)) checkNumber(name, value ?? next);
  return arg;
}

function truthOf(name: string, value: string): boolean {
  if (/^(?:1|t|true|y|yes)$/i.test(value)) return true;
  if (/^(?:0|f|false|n|no)$/i.test(value)) return false;
  throw new CaffeError(
    `--${name} is ${value === "" ? "empty" : value}. Expected true or false (or 1, t, y, yes, 0, f, n, no).`,
  );
}

function checkNumber(name: string, value: string | undefined): void {
  if (value !== undefined && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) return;
  throw new CaffeError(`--${name} is ${value || "empty"}. Expected a number.`);
}

/** Asks the builders of the command that the words name, and of its own commands, which flags there are. */
function flagsOf(
  args: readonly string[],
  commands: readonly CommandModule[],
  everywhere: Readonly<Record<string, Options>>,
): Flags {
  const flags = {
    ...{ boolean: new Set(answered), known: new Set(answered) },
    ...{ number: new Set<string>(), alone: new Set<string>() },
  };
  const note = (options: Readonly<Record<string, Options>>): void => {
    for (const [name, declared] of Object.entries(options)) {
      const { type, alias = [] } = declared;
      if (standAlone.has(declared)) flags.alone.add(name);
      for (const one of [name, ...[alias].flat()]) flags.known.add(one);
      if (type === "boolean" || type === "number") flags[type].add(name);
    }
  };
  note(everywhere);
  let known: readonly CommandModule[] = commands;
  for (const word of args) {
    const command = known.find((one) => nameOf(one) === word);
    if (typeof command?.builder !== "function") continue;
    const { options, positionals, inner } = declaredBy(command.builder as Builder);
    note(options);
    // yargs takes what stands without a name by its name too.
    for (const name of positionals) flags.known.add(name);
    known = inner;
  }
  return flags;
}

type Builder = (yargs: Argv) => unknown;

/** The flags and the commands of its own that a command's builder declares. */
function declaredBy(builder: Builder): {
  readonly options: Readonly<Record<string, Options>>;
  readonly positionals: readonly string[];
  readonly inner: readonly CommandModule[];
} {
  const options: Record<string, Options> = {};
  const positionals: string[] = [];
  const inner: CommandModule[] = [];
  const listener: unknown = new Proxy(
    {},
    {
      get: (_, method) => (given: CommandModule | string, declared: Options) => {
        if (method === "command") inner.push(given as CommandModule);
        if (method === "option") options[String(given)] = declared;
        if (method === "positional") positionals.push(String(given));
        return listener;
      },
    },
  );
  builder(listener as Argv);
  return { options, positionals, inner };
}

/** A command whose own flags stand before those that every command has where its help is shown. */
export function withOwnFlagsFirst<T, U>(command: CommandModule<T, U>): CommandModule<T, U> {
  if (typeof command.builder !== "function") return command;
  const builder = command.builder as Builder;
  const names = Object.keys(declaredBy(builder).options);
  if (names.length === 0) return command;
  return { ...command, builder: (yargs) => (builder(yargs) as Argv<U>).group(names, "Flags:") };
}

/** The first word of a command. */
function nameOf({ command }: CommandModule): string {
  return String(command).split(" ")[0] ?? "";
}

/**
 * Caffe's flag spellings brought to one: `-solver=x`, `-solver x` and `--solver x` become `--solver=x` or stay
 * two words. Single letters keep their dash.
 */
export function normaliseFlags(args: readonly string[]): string[] {
  return args.map((arg) => (/^-[a-zA-Z]\w+/.test(arg) ? `-${arg}` : arg));
}

/**
 * The comma list that a flag is given; empty where it is not.
 * @throws CaffeError where it has commas and nothing else
 */
export function listOf(flag: string, value: string | undefined): string[] {
  const items = (value ?? "").split(",").filter((item) => item.trim() !== "");
  if (value && items.length === 0) {
    throw new CaffeError(
      `--${flag} is "${value}", which names nothing. Expected names separated by commas.`,
    );
  }
  return items;
}

/**
 * The words of `--format`: what a command is to write.
 * @param known what it can write; none stands for nothing
 * @throws CaffeError where there is another
 */
export function formatsOf(text: string, known: readonly string[]): ReadonlySet<string> {
  const formats = listOf("format", text);
  const unknown = formats.find((format) => ![...known, "none"].includes(format));
  if (unknown === undefined) return new Set(formats);
  throw new CaffeError(`--format has ${unknown}. Expected some of ${known.join(", ")}, or none.`);
}

/** Lets every word of the named flags count, as files behind one another; of other flags that are repeated the last holds. */
export function withLists<T>(yargs: Argv<T>, ...names: readonly string[]): Argv<T> {
  return yargs
    .parserConfiguration({ "camel-case-expansion": false, "duplicate-arguments-array": true })
    .middleware((given: Record<string, unknown>) => {
      for (const [name, value] of Object.entries(given)) {
        const isList = name === "_" || names.includes(name);
        if (Array.isArray(value) && !isList) given[name] = value.at(-1);
      }
    }, true);
}

/**
 * Puts the flags that `--flagfile=FILE[,FILE]` holds in its place: one on a line, blank lines and lines that begin with
 * `#` left out.
 *
 * @param read gives a file's text
 * @throws CaffeError where a line is no flag, or flag files name one another in a ring
 * @see gflags
 */
export function expandFlagFiles(
  args: readonly string[],
  read: (file: string) => string,
  depth = 0,
): string[] {
  const expanded: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [name, value] = arg.split(/=(.*)/s);
    if (name !== "--flagfile") {
      expanded.push(arg);
      continue;
    }
    const files = value ?? rest.shift();
    if (!files) throw new CaffeError("--flagfile names no file. Expected --flagfile=FILE.");
    if (depth >= MOST_NESTED) {
      throw new CaffeError(
        `--flagfile=${files}: flag files name flag files ${MOST_NESTED} deep. Expected an end.`,
      );
    }
    for (const file of listOf("flagfile", files)) {
      expanded.push(...expandFlagFiles(flagsIn(read(file), file), read, depth + 1));
    }
  }
  return expanded;
}

function flagsIn(text: string, file: string): string[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    const flag = line.trim();
    if (flag === "" || flag.startsWith("#")) return [];
    if (/^--?[a-zA-Z]/.test(flag)) return normaliseFlags([flag]);
    throw new CaffeError(
      `${file}:${i + 1}: "${flag}" is no flag. Expected --name=value, one on a line.`,
    );
  });
}
