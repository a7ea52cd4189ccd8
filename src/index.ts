/** The public API: what a program imports from "caffe-ts". */
export { Blob, type BlobValue } from "./blob/blob.ts";
export type { Engines } from "./engines/choose.ts";
export { createEngines, type EngineChoice } from "./engines/create.ts";
export { type Caffemodel, encodeCaffemodel, readCaffemodel } from "./io/caffemodel.ts";
export type { LayerParameter, NetParameter, SolverParameter } from "./io/proto/caffe.ts";
export { parsePrototxt, printPrototxt } from "./io/prototxt.ts";
export { readNetParameter, readSolverParameter } from "./io/read-net.ts";
export { Layer, type LayerContext } from "./layers/base/layer.ts";
export { LayerRegistry } from "./layers/registry.ts";
export { Net, type NetOutput } from "./net/net.ts";
export type { NetOptions } from "./net/options.ts";
export type { IterationEvent, SolverAction } from "./solvers/callbacks.ts";
export { Solver, type SolverCallbacks, type SolverOptions } from "./solvers/solver.ts";
export * as errors from "./util/errors.ts";
export { type Log, silent } from "./util/log.ts";
