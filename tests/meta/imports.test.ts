import { readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { expect, test } from "vitest";

const below = ["util", "syncedmem", "io", "engines", "blob", "bridge", "layers", "net", "solvers"];
const guests = [
  "dashboard",
  "doctor",
  "draw",
  "explain",
  "float-images",
  "http",
  "inference",
  "models",
  "net-spec",
  "net-worker",
  "new-run",
  "onnx",
  "page",
  "plot",
  "quantize",
  "serve",
  "trial",
  "report",
];

/** Each folder of src and the folders it may import from, lowest first. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  util: [],
  syncedmem: ["util"],
  // Files of compiled code, found and loaded.
  addons: ["util"],
  // Threads that are asked and answer, whatever about.
  threads: ["util"],
  io: ["util", "addons", "threads"],
  engines: ["util", "addons", "syncedmem", "io"],
  blob: below.slice(0, 4),
  bridge: ["util", "addons", "syncedmem", "blob"],
  layers: below.slice(0, 6),
  net: below.slice(0, 7),
  solvers: below.slice(0, 8),
  // The colour of a layer is its role, which its class states; what is found in a picture is drawn into it.
  draw: ["util", "io", "layers", "float-images"],
  "float-images": ["util", "io", "blob"],
  // What a net of floats is made a net of bytes by.
  quantize: ["util", "io", "engines", "layers", "net"],
  // What programs in other languages ask of the engine.
  bindings: [...below, "float-images"],
  models: ["util", "io"],
  // Its nets are built to see their shapes.
  "new-run": ["util", "io", "net", "models"],
  // What training would do, looked at before it is done.
  doctor: [...below, "new-run"],
  trial: below,
  // A net's layers, blobs and weights become nodes and tensors; a file's nodes are drawn as layers are.
  onnx: ["util", "io", "engines", "blob", "layers", "net", "draw"],
  // Pages that stand by themselves; charts are laid on them.
  page: ["util"],
  plot: ["util", "monitor", "page"],
  // What a net says of its data, measured, and written as tables and pages.
  report: ["util", "io", "blob", "layers", "net", "inference", "draw", "page", "plot"],
  // What it shows is of a classifier's net.
  explain: [...below.slice(0, 8), "float-images", "inference"],
  inference: [...below.slice(0, 8), "float-images"],
  // A server over HTTP, whatever it answers.
  http: ["util"],
  // A window on runs: it looks at one that trains, and reads the records of others.
  dashboard: [...below, "draw", "float-images", "http", "inference", "report", "run-record"],
  // A net whose passes another thread runs.
  "net-worker": [...below.slice(0, 8), "threads"],
  // What nets say, asked for over HTTP.
  serve: ["threads", ...below.slice(0, 8), "draw", "float-images", "inference", "page", "http"],
  // A layer's class states how it maps coordinates; `L` and NetSpec need no class.
  "net-spec": ["util", "io", "layers"],
  monitor: below,
  // What a training leaves behind, told by a guest of its solver.
  "run-record": ["util", "io", "engines", "net", "solvers", "monitor"],
  // The same for TensorBoard.
  tensorboard: ["util", "syncedmem", "io", "net", "solvers", "run-record"],
  // A guest of the solver: it knows of arrays and numbers, not of layers or files.
  distributed: ["util", "addons", "syncedmem", "solvers"],
  browser: [...below, "addons"],
  cli: [
    ...[...below, ...guests, "monitor", "run-record", "tensorboard", "bindings", "distributed"],
    // Several GPUs train in a thread each.
    "threads",
  ],
  "index.ts": [...below, ...guests, "monitor"],
};

/** Rooms within a folder and the rooms beside them that each may import from, lowest first; files at the root are rooms. */
const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  io: {
    files: [],
    proto: [],
    jobs: [],
    upgrade: ["proto"],
    text: ["files", "proto", "upgrade"],
    hdf5: ["files"],
    weights: ["files", "proto", "upgrade", "text", "hdf5"],
    images: ["files", "proto"],
    lists: ["text", "files"],
    db: ["files", "proto"],
    loaders: ["files", "proto", "hdf5", "images", "lists", "db"],
    prefetch: ["loaders"],
    convert: ["files", "proto", "jobs", "images", "lists", "db"],
    dataset: ["files", "proto", "jobs", "images", "db"],
  },
  net: {
    weights: [],
    "options.ts": ["weights"],
    build: ["weights", "options.ts"],
    run: ["build", "options.ts"],
    "net.ts": ["weights", "options.ts", "build", "run"],
    tools: ["net.ts"],
    evaluation: ["net.ts", "run"],
  },
  onnx: {
    format: [],
    graph: ["format"],
    export: ["graph"],
    import: ["format"],
    check: ["graph", "export"],
    overview: ["format", "import"],
  },
  solvers: {
    "workers.ts": [],
    "options.ts": ["workers.ts"],
    rules: [],
    snapshots: [],
    watch: [],
    lbfgs: [],
    setup: ["options.ts", "rules", "lbfgs"],
    update: ["rules", "setup", "workers.ts"],
    loop: ["workers.ts", "options.ts", "setup", "update", "lbfgs", "snapshots", "watch"],
    "solver.ts": ["options.ts", "loop"],
  },
};

const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);

const SPECIFIER = /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

/** Per file of src those that it imports: values, types alone, and what it loads as it runs. */
const importsOf = new Map(
  files.map((file) => {
    const found = readFileSync(join("src", file), "utf8").matchAll(SPECIFIER);
    return [file, [...found].map(([, path = ""]) => normalize(join(file, "..", path)))];
  }),
);

test.each(files)("%s imports only from below, and keeps to its doors", (file) => {
  const [folder = "", room = ""] = file.split("/");
  const source = readFileSync(join("src", file), "utf8");
  for (const path of importsOf.get(file) ?? []) {
    const [target = "", targetRoom] = path.split("/");
    expect([folder, ...(MAY_IMPORT[folder] ?? [])], `${file} imports ${path}`).toContain(target);
    const rooms = ROOMS[folder];
    if (!rooms || target !== folder) continue;
    expect([room, ...(rooms[room] ?? [])], `${file} imports ${path}`).toContain(targetRoom);
  }
  const opensFiles = ["addons", "io", "bridge", "cli", "engines", "models"].includes(folder);
  if (!opensFiles && !file.endsWith("user-module.ts")) expect(source).not.toContain("node:fs");
  const isDoor = file.endsWith("binding.ts") || file.endsWith("tuning-file.ts");
  if (folder === "engines" && !isDoor) expect(source).not.toMatch(/node:fs|\/io\//);
  const engine = /^engines\/(reference|wasm|native|webgpu)\//.exec(file)?.[1];
  for (const other of ["reference", "wasm", "native", "webgpu"]) {
    if (engine && other !== engine) expect(source).not.toContain(`../${other}/`);
  }
});

test("no file imports itself through others, not even for types", () => {
  const circles: string[] = [];
  const seen = new Set<string>();
  const follow = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (seen.has(file)) return;
    seen.add(file);
    for (const next of importsOf.get(file) ?? []) follow(next, [...path, file]);
  };
  for (const file of files) follow(file, []);
  expect(circles).toEqual([]);
});

test("no source file needs scrolling for minutes", () => {
  for (const file of files) {
    if (
      file.startsWith("io/proto/") ||
      file.startsWith("onnx/format/") ||
      file.startsWith("tensorboard/schema") ||
      file.endsWith("webgpu/shaders.ts")
    )
      continue;
    const lines = readFileSync(join("src", file), "utf8").split("\n").length;
    expect(lines, file).toBeLessThanOrEqual(430);
  }
});
