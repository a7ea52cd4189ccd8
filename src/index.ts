/** The public API: what a program imports from "caffe-ts". */

export { Blob } from "./blob/blob.ts";
export { type Nested, stack, type Values } from "./blob/nested.ts";
export { dotOf } from "./draw/dot.ts";
export { drawNet, drawNetToFile } from "./draw/draw.ts";
export type { DrawOptions } from "./draw/draw-options.ts";
export {
  drawDetections,
  drawSegmentation,
  labelColours,
  type SegmentationColours,
} from "./draw/in-pictures.ts";
export type { Colour } from "./draw/palette.ts";
export type { Engines } from "./engines/choose.ts";
export { createEngines, type EngineChoice } from "./engines/create.ts";
export { openEngines } from "./engines/open.ts";
export { type GpuChoice, openGpu } from "./engines/webgpu/device.ts";
export type { Gpu } from "./engines/webgpu/gpu.ts";
export * as io from "./float-images/index.ts";
export { type Choice, readLabels, topChoices } from "./inference/choice.ts";
export { type ClassNames, readClassNames } from "./inference/class-names.ts";
export { Classifier, type ClassifierOptions } from "./inference/classifier.ts";
export type { PixelBox } from "./inference/detection-head.ts";
export {
  type Detection,
  Detector,
  type DetectorOptions,
  type Windows,
} from "./inference/detector.ts";
export {
  type DetectedObject,
  ObjectDetector,
  type ObjectDetectorOptions,
  type PictureWithRegions,
} from "./inference/object-detector.ts";
export type { PictureOptions, Resize } from "./inference/picture-input.ts";
export {
  type Segmentation,
  type SegmentedClass,
  Segmenter,
  type SegmenterOptions,
} from "./inference/segmenter.ts";
export { overlap, readWindows, suppress } from "./inference/windows.ts";
export { decodeIdx } from "./io/lists/idx-array.ts";
export { decodeProto, encodeProto } from "./io/proto/binary.ts";
export type * as proto from "./io/proto/caffe.ts";
export type { LayerParameter, NetParameter, SolverParameter } from "./io/proto/caffe.ts";
export { parsePrototxt, printPrototxt } from "./io/text/prototxt.ts";
export { readNetParameter, readSolverParameter } from "./io/text/read-net.ts";
export {
  type Caffemodel,
  decodeCaffemodel,
  encodeCaffemodel,
  readCaffemodel,
} from "./io/weights/caffemodel.ts";
export type { CoordMap } from "./layers/base/coord-map.ts";
export {
  type Arity,
  arity,
  type Blobs,
  Layer,
  type LayerContext,
  type LayerState,
  type None,
  type One,
  type OneOrMore,
  type Two,
} from "./layers/base/layer.ts";
export type { MemoryDataLayer } from "./layers/data/memory-data.ts";
export { type LayerClass, LayerRegistry, layerTypes, registerLayer } from "./layers/registry.ts";
export type { UserLayer } from "./layers/utility/python.ts";
export {
  type GetModelOptions,
  getModel,
  listModels,
  type ModelCard,
  modelCard,
} from "./models/model-zoo.ts";
export {
  type LogCurve,
  type LogCurves,
  type LogPoint,
  readLogCurves,
} from "./monitor/log-curves.ts";
export type { LearnableParam } from "./net/build/parameters.ts";
export { Net } from "./net/net.ts";
export type { NetOptions } from "./net/options.ts";
export type { LayerCallback } from "./net/run/layer-runner.ts";
export type { NetTurn } from "./net/run/net-turn.ts";
export type { NetOutput } from "./net/run/outputs.ts";
export type { AllOptions, AllPasses, PassOptions, ValuesByName } from "./net/run/passes-by-name.ts";
export { type ShapesByName, withPlaceholders } from "./net/tools/placeholders.ts";
export { type LayerSummary, summarize } from "./net/tools/summary.ts";
export { fullyConvolutional } from "./net/tools/surgery.ts";
export type { CopiedWeights, LayerOfFile } from "./net/weights/copy-weights.ts";
export type { TrainedWeights } from "./net/weights/trained-weights.ts";
export type { Weights } from "./net/weights/weights.ts";
export { coordMap, coordMapFromTo, crop } from "./net-spec/coord-map.ts";
export type { LayerCall, Top } from "./net-spec/layer-call.ts";
export type { AnyLayerFields, LayerFields, LayerType } from "./net-spec/layer-fields.ts";
export { L, type LayerFunction, layerOf, type Tops } from "./net-spec/layers.ts";
export { type NamedTops, NetSpec, toProto } from "./net-spec/net-spec.ts";
export { P } from "./net-spec/params.ts";
export { NetWorker, type NetWorkerOptions } from "./net-worker/net-worker.ts";
export type { OnnxOptions } from "./onnx/export/options.ts";
export { toOnnx } from "./onnx/export/to-onnx.ts";
export type { OnnxModel } from "./onnx/graph/model.ts";
export type { ImportedNet, ImportOptions } from "./onnx/import/from-onnx.ts";
export { fromOnnx } from "./onnx/import/from-onnx.ts";
export { type Bar, type Chart, type ChartStyle, chartSvg, type Series } from "./plot/chart.ts";
export { chartKinds, logChart, type NamedLog } from "./plot/log-charts.ts";
export type { ServedFiles } from "./serve/models/served-files.ts";
export { type Serving, serve } from "./serve/serve.ts";
export type { ServeOptions } from "./serve/serve-options.ts";
export type { IterationEvent, SolverAction } from "./solvers/loop/callbacks.ts";
export type { Iteration } from "./solvers/loop/iterate.ts";
export type { SolverOptions } from "./solvers/options.ts";
export { Solver, type SolverCallbacks } from "./solvers/solver.ts";
export * as errors from "./util/errors.ts";
export { type Log, type Severity, silent } from "./util/log.ts";
export type { BlobValue, NdArray } from "./util/nd-array.ts";
export { setRandomSeed } from "./util/seed.ts";
export { Timer } from "./util/timer.ts";
export { version } from "./util/version.ts";
