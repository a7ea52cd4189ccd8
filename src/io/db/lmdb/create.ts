import { renameSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../../util/errors.ts";
import { PartialFolder } from "../../files/partial-folder.ts";
import type { DbWriter } from "../db.ts";
import { openTree } from "./head.ts";
import { LARGEST_VALUE, LONGEST_KEY } from "./page.ts";
import { NO_TREE, PageFile } from "./page-file.ts";
import { TreeWriter } from "./tree-writer.ts";

/** What the disk must have room for besides: the database's heads and branches. */
const RESERVE = 2 ** 18;
/** After so many records, or bytes, what was put is on the disk, and an interrupted run goes on from there. */
const RECORDS_AT_RISK = 1000;
const BYTES_AT_RISK = 2 ** 25;

/**
 * Begins a new LMDB folder at `path`, in data format 1, which Caffe and liblmdb 0.9 read; nothing is there under that
 * name until `finish`. Keys best come in their order: else the records are written twice, sorted the second time.
 *
 * @param isContinued goes on with what an interrupted run left
 * @throws FileError where the name is taken or cannot be written
 * @see lmdb.h and mdb.c of OpenLDAP's LMDB 0.9
 */
export function createLmdb(path: string, isContinued = false): DbWriter {
  const partial = new PartialFolder(path, isContinued);
  const name = join(partial.folder, "data.mdb");
  const needs = (bytes: number): void => partial.needs(bytes + RESERVE);
  const begin = (file: string, pages: number): PageFile => new PageFile(file, pages, needs);
  const asFileError = (error: unknown): FileError =>
    error instanceof FileError ? error : partial.failed(error);
  let file: PageFile;
  let tree: TreeWriter;
  try {
    needs(0);
    file = begin(name, isContinued ? pagesLeft(partial.folder) : 2);
    tree = new TreeWriter(file);
    tree.resume();
  } catch (error) {
    if (!isContinued) partial.discard();
    throw asFileError(error);
  }
  let [recordsAtRisk, bytesAtRisk] = [0, 0];
  const checkpoint = async (): Promise<void> => {
    tree.closeLeaf();
    [recordsAtRisk, bytesAtRisk] = [0, 0];
    await file.checkpoint(NO_TREE);
  };
  const trying = async (work: () => Promise<void> | void): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw asFileError(error);
    }
  };
  return {
    lastKey: tree.lastKey && Buffer.from(tree.lastKey).toString(),
    async put(key, value) {
      const bytes = Buffer.from(key);
      if (bytes.length < 1 || bytes.length > LONGEST_KEY) {
        throw new FileError(
          `database "${path}": key "${key.slice(0, 40)}" has ${bytes.length} bytes. Expected 1 to ${LONGEST_KEY}.`,
        );
      }
      if (value.length > LARGEST_VALUE) {
        throw new FileError(
          `database "${path}": the value of "${key}" has ${value.length} bytes. Expected ${LARGEST_VALUE} at most.`,
        );
      }
      await trying(() => tree.put(bytes, value));
      bytesAtRisk += value.length;
      if (++recordsAtRisk === RECORDS_AT_RISK || bytesAtRisk > BYTES_AT_RISK)
        await trying(checkpoint);
    },
    async finish() {
      await trying(async () => {
        if (!tree.isSorted) {
          const sorted = begin(`${name}.sorted`, 2);
          const copy = new TreeWriter(sorted);
          try {
            tree.copySorted(copy);
          } catch (error) {
            sorted.close();
            throw error;
          }
          file.close();
          [file, tree] = [sorted, copy];
          renameSync(`${name}.sorted`, name);
        }
        await file.checkpoint(tree.finish());
        file.close();
      });
      partial.publish();
    },
    async suspend() {
      await trying(checkpoint);
      file.close();
    },
    async abandon() {
      file.close();
      partial.discard();
    },
  };
}

/** How many pages of what an interrupted run left are on the disk; its two heads alone where that is not known. */
function pagesLeft(folder: string): number {
  try {
    const { file, tree } = openTree(folder);
    file.close();
    return tree.entries === 0 ? tree.lastPage + 1 : 2;
  } catch {
    return 2;
  }
}
