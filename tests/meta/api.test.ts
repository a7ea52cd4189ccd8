// The names that a program can import from "caffe-ts". One that goes, or comes, is a change of the public interface:
// docs/releasing.md says what that asks for.
import ts from "typescript";
import { expect, test } from "vitest";
import * as browser from "../../src/browser/index.ts";
import * as api from "../../src/index.ts";

const words = (text: string): string[] => text.trim().split(/\s+/);

const VALUES = words(`
  Blob Classifier Detector L Layer LayerRegistry Net NetSpec NetWorker ObjectDetector P Segmenter Solver Timer
  arity chartKinds chartSvg coordMap coordMapFromTo createEngines crop decodeCaffemodel decodeIdx decodeProto dotOf
  drawDetections drawNet drawNetToFile drawSegmentation encodeCaffemodel encodeProto errors
  fromOnnx fullyConvolutional getModel io labelColours layerOf layerTypes listModels logChart modelCard
  openEngines openGpu overlap parsePrototxt printPrototxt readCaffemodel readClassNames readLabels
  readLogCurves readNetParameter readSolverParameter readWindows registerLayer serve setRandomSeed silent stack
  summarize suppress toOnnx toProto topChoices version withPlaceholders
`);
const TYPES = words(`
  AllOptions AllPasses AnyLayerFields Arity Bar BlobValue Blobs Caffemodel Chart ChartStyle Choice ClassNames
  ClassifierOptions Colour CoordMap CopiedWeights DetectedObject Detection DetectorOptions DrawOptions
  EngineChoice Engines GetModelOptions Gpu GpuChoice ImportOptions ImportedNet Iteration IterationEvent LayerCall LayerCallback
  LayerClass LayerContext LayerFields LayerFunction LayerOfFile LayerParameter LayerState LayerSummary
  LayerType LearnableParam Log LogCurve LogCurves LogPoint MemoryDataLayer ModelCard NamedLog NamedTops
  NdArray Nested NetOptions NetOutput NetParameter NetTurn NetWorkerOptions None ObjectDetectorOptions One OneOrMore OnnxModel OnnxOptions
  PassOptions PictureOptions PictureWithRegions PixelBox Resize Segmentation SegmentationColours
  SegmentedClass SegmenterOptions Series ServeOptions ServedFiles Serving Severity ShapesByName SolverAction SolverCallbacks SolverOptions
  SolverParameter Top Tops TrainedWeights Two UserLayer Values ValuesByName Weights Windows proto
`);
const IN_ERRORS = words(`
  CaffeError DeviceError DivergenceError EngineError FileError FormatError LayerError MissingAddonError NetError PrototxtError
  SolverError systemErrorText
`);
const IN_IO = words(`
  Transformer arrayToBlobProto arrayToDatum arraysToBlobProtoVector blobProtoToArray blobProtoVectorToArrays
  channelMeans cropImage datumToArray loadImage mirrorImage oversample readIdx readMean readNpy resizeImage
  saveImage writeMean
`);
const IN_BROWSER = words(`
  Blob Net Solver createEngines decodeCaffemodel decodeIdx encodeCaffemodel openEngines openGpu parsePrototxt
  printPrototxt silent
`);

/** The names of all that a file exports, types too. */
function exportedNames(path: string): string[] {
  const config = ts.readConfigFile("tsconfig.json", ts.sys.readFile).config as object;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const program = ts.createProgram([path], options);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  const module = file && checker.getSymbolAtLocation(file);
  return module ? checker.getExportsOfModule(module).map(({ name }) => name) : [];
}

test("The package exports these values, and no others", () => {
  expect(Object.keys(api).sort()).toEqual(VALUES);
  expect(Object.keys(api.errors).sort()).toEqual(IN_ERRORS);
  expect(Object.keys(api.io).sort()).toEqual(IN_IO);
});

test("The package exports these types, and no others", () => {
  const types = exportedNames("src/index.ts").filter((name) => !Object.hasOwn(api, name));
  expect(types.sort()).toEqual(TYPES);
}, 60_000);

test("The package exports these values in a browser, and no others", () => {
  expect(Object.keys(browser).sort()).toEqual(IN_BROWSER);
});
