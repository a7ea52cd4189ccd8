import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { type DownloadProgress, download } from "../io/files/download.ts";
import { makeFolder } from "../io/files/file-system.ts";
import { FileError } from "../util/errors.ts";
import { nearestText } from "../util/nearest.ts";
import { aFunction, checkOptions, texts, yesOrNo } from "../util/options.ts";

/** Where the models lie: the package's own folder, seen from src and from dist alike. */
const FOLDER = fileURLToPath(new URL("../../models", import.meta.url));

/** What a model's README says at its head, and below. */
export interface ModelCard {
  /** The name of its folder: what `getModel` takes. */
  readonly id: string;
  readonly name: string;
  readonly task: string;
  /** Learned parameters; BatchNorm's statistics are not counted. */
  readonly parameters: number;
  /** Multiplications for one sample, as people write them: `3.9 G`. */
  readonly macs: string;
  readonly input: string;
  readonly output: string;
  /** The authors' weights, where they can be fetched. */
  readonly weights?: {
    readonly file: string;
    readonly urls: readonly string[];
    readonly sha1: string;
  };
  /** Its prototxt files. */
  readonly files: readonly string[];
  /** The README without its head. */
  readonly text: string;
}

/** The models that come with the package, in alphabetical order. */
export function listModels(): ModelCard[] {
  return ids().map(modelCard);
}

/**
 * What is known of one model.
 * @throws FileError where there is none of that name
 */
export function modelCard(id: string): ModelCard {
  if (!ids().includes(id)) {
    throw new FileError(
      `there is no model "${id}".${nearestText(id, ids())} Expected one of ${ids().join(", ")}.`,
    );
  }
  const [, head = "", text = ""] =
    /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readFileSync(join(FOLDER, id, "README.md"), "utf8")) ??
    [];
  const fields = new Map(
    head.split("\n").map((line) => {
      const [, key = "", value = ""] = /^(\w+): (.*)$/.exec(line) ?? [];
      return [key, value];
    }),
  );
  const field = (key: string): string => fields.get(key) ?? "";
  return {
    id,
    name: field("name"),
    task: field("task"),
    parameters: Number(field("parameters")),
    macs: field("macs"),
    input: field("input"),
    output: field("output"),
    ...(fields.has("caffemodel") && {
      weights: {
        file: field("caffemodel"),
        urls: field("caffemodel_url").split(" "),
        sha1: field("sha1"),
      },
    }),
    files: readdirSync(join(FOLDER, id)).filter((file) => file.endsWith(".prototxt")),
    text: text.trim(),
  };
}

/** The path of one of a model's files, as `modelCard` names them. */
export function modelFile(id: string, file: string): string {
  return join(FOLDER, id, file);
}

/** How a model is fetched. */
export interface GetModelOptions {
  /** Leave the weights where they are. */
  readonly withoutWeights?: boolean;
  /** Addresses to fetch the weights from, in place of the README's. */
  readonly urls?: readonly string[];
  readonly progress?: DownloadProgress;
}

/**
 * Copies a model's files to a folder, and fetches the authors' weights where they publish any.
 * @returns the paths of what lies there now
 * @throws FileError where there is no such model, a file cannot be written, or the weights cannot be fetched
 */
export async function getModel(
  id: string,
  folder: string,
  options: GetModelOptions = {},
): Promise<string[]> {
  checkOptions("getModel", options, { withoutWeights: yesOrNo, urls: texts, progress: aFunction });
  const { withoutWeights = false, urls, progress } = options;
  const { files, weights } = modelCard(id);
  const paths = [...files, "README.md"].map((file) => {
    const path = join(folder, file);
    makeFolder(folder);
    writeFileAtomically(path, [readFileSync(join(FOLDER, id, file))]);
    return path;
  });
  if (!weights || withoutWeights) return paths;
  const path = join(folder, weights.file);
  await download({ urls: urls ?? weights.urls, sha1: weights.sha1 }, path, progress);
  return [...paths, path];
}

function ids(): string[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "writers")
    .map(({ name }) => name)
    .sort();
}
