// In place of src/io/hdf5/library-here.ts: a test runs sources, for which no thread is compiled.
import type { here as inPrograms } from "../../src/io/hdf5/library-here.ts";
import * as rowFile from "../../src/io/hdf5/row-file.ts";
import * as treeFile from "../../src/io/hdf5/tree-file.ts";

export const here: typeof inPrograms = { ...treeFile, ...rowFile };
