/**
 * The library for a page: what a program imports from "caffe-ts" when it is bundled for a browser.
 *
 * Nets and solvers are texts or objects there, not files; data comes through Input and MemoryData layers.
 */
export { Blob } from "../blob/blob.ts";
export { createEngines } from "../engines/create.ts";
export { openEngines } from "../engines/open.ts";
export { openGpu } from "../engines/webgpu/device.ts";
export { decodeIdx } from "../io/lists/idx-array.ts";
export { parsePrototxt, printPrototxt } from "../io/text/prototxt.ts";
export { decodeCaffemodel, encodeCaffemodel } from "../io/weights/caffemodel.ts";
export { Net } from "../net/net.ts";
export { Solver } from "../solvers/solver.ts";
export { type Log, silent } from "../util/log.ts";
