import { FileError } from "../util/errors.ts";

/** What of Node's own modules the library calls for files, threads and digests: in a page there are none. */
function none(): never {
  throw new FileError(
    "there are no files in a browser. Expected texts, objects and arrays: Net.parse, decodeCaffemodel, MemoryData.",
  );
}

// Of the file system and of digests.
export const existsSync = (): boolean => false;
export const constants = {};
export {
  none as accessSync,
  none as chmodSync,
  none as chownSync,
  none as closeSync,
  none as copyFileSync,
  none as createHash,
  none as fstatSync,
  none as fsyncSync,
  none as ftruncateSync,
  none as hostname,
  none as linkSync,
  none as lstatSync,
  none as mkdirSync,
  none as openSync,
  none as readdirSync,
  none as readFileSync,
  none as readlinkSync,
  none as readSync,
  none as realpathSync,
  none as renameSync,
  none as rmSync,
  none as statSync,
  none as tmpdir,
  none as unlinkSync,
  none as writeFileSync,
  none as writeSync,
};

// Of threads.
export const threadId = 0;
export const [MessageChannel, receiveMessageOnPort, Worker, workerData] = [none, none, none, none];
