import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError, FormatError } from "../../../util/errors.ts";
import { RandomAccessFile } from "../../files/random-access-file.ts";
import { HEADER, MAGIC, NO_PAGE } from "./page.ts";

/** Bytes of a page's header in data format 2. */
const HEADER_OF_2 = 24;

/** What the head of a database says of the tree of its records. */
export interface Tree {
  readonly pageSize: number;
  readonly root: number;
  /** Levels from the root to the leaves. */
  readonly depth: number;
  readonly entries: number;
  readonly lastPage: number;
}

/**
 * Opens data.mdb of a folder and reads its head.
 *
 * Two meta pages begin the file; behind a page header of 16 bytes each holds magic, version, address, map
 * size, two tree descriptions of 48 bytes (the first begins with the page size, the second is of the records),
 * last page and transaction. The newer one counts.
 *
 * @throws FileError, FormatError where it is missing, of another format, damaged or cut short
 * @see lmdb.h and mdb.c of OpenLDAP's LMDB 0.9
 */
export function openTree(path: string): { file: RandomAccessFile; tree: Tree } {
  const name = join(path, "data.mdb");
  if (!existsSync(name)) {
    throw new FileError(
      `database "${path}" cannot be opened: there is no ${name}. Expected an LMDB folder.`,
    );
  }
  const file = new RandomAccessFile(name);
  try {
    return { file, tree: readHead(file) };
  } catch (error) {
    file.close();
    throw error;
  }
}

function readHead(file: RandomAccessFile): Tree {
  const first = metaPage(file, 0);
  const pageSize = first.getUint32(24, true);
  if (pageSize < 256 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) {
    throw new FormatError(
      `${file.path}: its pages have ${pageSize} bytes. Expected 4096; it is damaged.`,
    );
  }
  const second = metaPage(file, pageSize);
  const newest = second.getBigUint64(128, true) > first.getBigUint64(128, true) ? second : first;
  const lastPage = Number(newest.getBigUint64(120, true));
  const needed = (lastPage + 1) * pageSize;
  if (file.size < needed) {
    throw new FormatError(
      `${file.path}: the file has ${file.size} bytes, and its head says ${needed}. Expected a whole database; it is cut short.`,
    );
  }
  const root = newest.getBigUint64(112, true);
  const isRoot = root === NO_PAGE || (root > 1n && root <= lastPage);
  if (second.getUint32(24, true) !== pageSize || !isRoot) {
    throw new FormatError(`${file.path}: its head is damaged. Expected a whole LMDB database.`);
  }
  return {
    pageSize,
    root: Number(root),
    depth: newest.getUint16(78, true),
    entries: root === NO_PAGE ? 0 : Number(newest.getBigUint64(104, true)),
    lastPage,
  };
}

/** One meta page without its header. */
function metaPage(file: RandomAccessFile, at: number): DataView {
  const bytes = file.read(at, HEADER_OF_2 + 136);
  const view = new DataView(bytes.buffer);
  const isOf2 =
    view.getUint32(HEADER, true) !== MAGIC && view.getUint32(HEADER_OF_2, true) === MAGIC;
  const page = new DataView(bytes.buffer, isOf2 ? HEADER_OF_2 : HEADER);
  if (page.getUint32(0, true) !== MAGIC) {
    throw new FormatError(`${file.path}: it does not begin as an LMDB database does.`);
  }
  const version = page.getUint32(4, true);
  if (version !== 1 || isOf2) {
    throw new FormatError(
      `${file.path}: it is of LMDB data format ${version}. Expected 1, which Caffe and liblmdb 0.9 write; make it anew, here or with Caffe's tools.`,
    );
  }
  return page;
}
