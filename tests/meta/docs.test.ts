import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import ts from "typescript";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { generatedPages } from "../../scripts/generate/pages.ts";
import { PLATFORMS } from "../../scripts/prebuilt/platforms.ts";
import * as api from "../../src/index.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { caffeHere } from "../support/cli.ts";
import { drawFolder } from "../support/drawn-pictures.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = resolve(".");
const folder = temporaryFolder();
/** Pages that are made from code, or that tests of their own run. */
const ELSEWHERE = ["cli.md", "models.md", "layers.md", "data.md", "user-layers.md", "python.md"];
/** Pages whose commands and answers a test of their own runs, and whose programs this one does. */
const COMMANDS_ELSEWHERE = ["serving.md", "dashboard.md"];

interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

const pages = readdirSync("docs", { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".md") && !/^(api|\.vitepress)\//.test(file),
);
const blocks: Block[] = pages
  .filter((page) => !ELSEWHERE.includes(page))
  .flatMap((page) =>
    [...readFileSync(join("docs", page), "utf8").matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
      ([, language = "", text = ""]) => ({ page, language, text }),
    ),
  )
  .filter(({ page, language }) => language === "ts" || !COMMANDS_ELSEWHERE.includes(page));
const of = (language: string): Block[] => blocks.filter((block) => block.language === language);

/** TypeScript by page: a block that imports begins a program, one that does not goes on with it. */
const programs: Block[] = [];
for (const block of of("ts")) {
  const last = programs.at(-1);
  if (/^import /m.test(block.text) || last?.page !== block.page) programs.push(block);
  else programs[programs.length - 1] = { ...last, text: `${last.text}\n${block.text}` };
}

beforeAll(async () => {
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  cpSync("models", join(folder, "models"), { recursive: true });
  const { Net } = api;
  for (const name of ["lenet_fashion_iter_6000", "lenet"]) {
    using net = new Net("models/lenet/lenet.prototxt");
    net.save(join(folder, "models/lenet", `${name}.caffemodel`));
  }
  // The same solver, with less to do.
  const solver = join(folder, "models/lenet/lenet_fashion_solver.prototxt");
  const short = readFileSync(solver, "utf8")
    .replace(/max_iter: \d+/, "max_iter: 4")
    .replace(/test_iter: \d+/, "test_iter: 1")
    .replace(/snapshot: \d+/, "snapshot: 4");
  writeFileSync(solver, short);
  const grey = { width: 28, height: 28, channels: 3, background: "#777" } as const;
  await sharp({ create: grey }).png().toFile(join(folder, "boot.png"));
  await sharp({ create: { ...grey, width: 60, height: 40 } })
    .jpeg()
    .toFile(join(folder, "photo.jpg"));
  await drawFolder(join(folder, "photos"), 6);
  writeFileSync(join(folder, "train.log"), "Iteration 0, loss = 2\nIteration 9, loss = 1\n");
  makeDatabases();
});

/** Databases of a few made-up images, where the pages expect those of Fashion-MNIST. */
function makeDatabases(): void {
  const idx = (dims: number[], data: Uint8Array): Buffer => {
    const head = Buffer.alloc(4 + 4 * dims.length);
    head.set([0, 0, 8, dims.length]);
    for (const [i, length] of dims.entries()) head.writeUInt32BE(length, 4 + 4 * i);
    return Buffer.concat([head, data]);
  };
  writeFileSync(join(folder, "images"), idx([200, 28, 28], new Uint8Array(200 * 784).fill(90)));
  writeFileSync(
    join(folder, "labels"),
    idx(
      [200],
      Uint8Array.from({ length: 200 }, (_, i) => i % 10),
    ),
  );
}

describe("TypeScript", () => {
  test("every program has the right types", () => {
    const files = programs.map(({ text }, i) => {
      const path = join(folder, `program-${i}.ts`);
      writeFileSync(path, `${text}\nexport {};\n`);
      return path;
    });
    const program = ts.createProgram(files, {
      target: ts.ScriptTarget.ES2023,
      lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
      module: ts.ModuleKind.NodeNext,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      typeRoots: [join(root, "node_modules/@types")],
      types: ["node"],
      paths: { "caffe-ts": [join(root, "src/index.ts")] },
    });
    const problems = files.flatMap((file, i) => {
      const source = program.getSourceFile(file);
      return source
        ? [
            ...program.getSyntacticDiagnostics(source),
            ...program.getSemanticDiagnostics(source),
          ].map(
            ({ messageText }) =>
              `${programs[i]?.page}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
          )
        : [];
    });
    expect(problems).toEqual([]);
  });

  test.each(programs.map((program, i) => [`${program.page} (${i})`, program] as const))(
    "%s runs",
    async (name, { text }) => {
      const path = join(folder, `run-${name.replace(/\W+/g, "-")}.ts`);
      const api = pathToFileURL(join(root, "src/index.ts")).href;
      // What a page prints is for its reader.
      writeFileSync(
        path,
        `const console = { log: (..._: unknown[]) => {} };\n${text.replaceAll('"caffe-ts"', JSON.stringify(api))}\nexport {};\n`,
      );
      const before = process.cwd();
      process.chdir(folder);
      try {
        await prepareData();
        await import(path);
      } finally {
        process.chdir(before);
      }
    },
  );
});

/** The databases, once the folder is the current one. */
async function prepareData(): Promise<void> {
  for (const part of ["train", "test"]) {
    if (readdirSync(".").includes("data")) {
      if (readdirSync("data/fashion-mnist").includes(`${part}_lmdb`)) continue;
    }
    mkdirSync("data/fashion-mnist", { recursive: true });
    const made = `data/fashion-mnist/${part}_lmdb`;
    const { status, stderr } = await caffeHere(
      ["convert_mnist_data", "images", "labels", made],
      folder,
    );
    expect(stderr).toContain("Processed 200 files");
    expect(status).toBe(0);
  }
}

test.each(of("prototxt").map(({ page, text }, i) => [`${page} (${i})`, text] as const))(
  "the prototxt of %s is one",
  (_page, text) => {
    const isSolver = /^\s*(net|base_lr):/m.test(text);
    expect(parsePrototxt(isSolver ? "SolverParameter" : "NetParameter", text)).toBeTypeOf("object");
  },
);

test("what stands as Python is Python", () => {
  const program =
    "import ast, json, sys\nfor page, text in json.load(sys.stdin): ast.parse(text, page)";
  const named = of("python").map(({ page, text }, i) => [`${page} (${i})`, text]);
  expect(named.length).toBeGreaterThan(0);
  const { status, stderr } = spawnSync("python3", ["-c", program], {
    input: JSON.stringify(named),
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

describe("the shell", () => {
  const lines = of("sh").flatMap(({ page, text }) =>
    text
      .trim()
      .split("\n")
      .map((line) => [page, line.replace(/ +#.*$/, "")] as const),
  );

  test.each(lines)("%s: %s", async (_page, line) => {
    // One process does what each of many would.
    const [program = "", ...words] = line.replace(/^(mpirun|srun) .*?(?=caffe )/, "").split(/ +/);
    if (program !== "caffe") {
      expect(["mkdir", "npm", "npx", "bash", "git"]).toContain(program);
      return;
    }
    const before = process.cwd();
    process.chdir(folder);
    try {
      await prepareData();
      // What is there in a clone after an hour is there in the test from the start, and the other way round.
      const args = words.map((word) =>
        word
          .replace(/^data\/fashion-mnist\/(\w+)_lmdb$/, "made/$1_lmdb")
          .replace(/^\/usr\/share\/datasets\/.*images.*$/, "images")
          .replace(/^\/usr\/share\/datasets\/.*labels.*$/, "labels")
          .replace("_iter_300.caffemodel", "_iter_1.caffemodel")
          .replace("_iter_6000.solverstate", "_iter_4.solverstate")
          .replace("--iterations=100", "--iterations=1"),
      );
      mkdirSync("made", { recursive: true });
      if (args[0] === "new") args.push("--epochs=1");
      if (args.some((arg) => arg.endsWith("_iter_4.solverstate"))) {
        await caffeHere(["train", "--solver=models/lenet/lenet_fashion_solver.prototxt"], folder);
      }
      const { status, stderr } = await caffeHere(args, folder);
      expect(status, stderr).toBe(0);
    } finally {
      process.chdir(before);
      vi.restoreAllMocks();
    }
  });
});

test("blocks are of languages that are tested, or plain text", () => {
  expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(
    ["matlab", "prototxt", "python", "sh", "text", "ts"].sort(),
  );
});

test("what troubleshooting quotes is what the program says", () => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join("src", file), "utf8"))
    .join("\n");
  const quotes = [...readFileSync("docs/troubleshooting.md", "utf8").matchAll(/^### `(.*)`$/gm)];
  expect(quotes.length).toBeGreaterThan(12);
  for (const [, quote = ""] of quotes) {
    for (const part of quote.split("…").filter((text) => text.trim().length > 4)) {
      expect(sources.includes(part.trim()), quote).toBe(true);
    }
  }
});

test("what the page on installing quotes is what the program and its install say", () => {
  const page = readFileSync("docs/install.md", "utf8");
  for (const platform of Object.keys(PLATFORMS)) expect(page).toContain(`\`${platform}\``);
  const warning = readFileSync("src/addons/addon-file.ts", "utf8");
  for (const command of ["npm install ", "npm rebuild caffe-ts --foreground-scripts"]) {
    expect(page).toContain(`\n${command}`);
    expect(warning).toContain(command);
  }
  const told = /^caffe-ts: found \S+ [\d.]+ \(.+, .+\); libjpeg-turbo \(.+, .+\)(.*)$/m.exec(page);
  expect(readFileSync("scripts/install.mjs", "utf8")).toContain(
    `\${describeLibrary("jpeg")}${told?.[1]}`,
  );
});

test("links lead to pages and headings that are there", () => {
  for (const page of pages) {
    const text = readFileSync(join("docs", page), "utf8").replace(/```[\s\S]*?```/g, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = "", heading] = target.split("#");
      const path = file === "" ? join("docs", page) : join("docs", dirname(page), file);
      const content = readFileSync(path, "utf8");
      if (heading !== undefined)
        expect(headingsOf(content), `${page}: ${target}`).toContain(heading);
    }
  }
});

function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .trim()
      .replace(/\s+/g, "-"),
  );
}

test.each(Object.entries(await generatedPages()))(
  "%s is as npm run gen writes it",
  (path, text) => {
    expect(readFileSync(path, "utf8")).toBe(text);
  },
);

describe("coming from pycaffe", () => {
  const rows = readFileSync("docs/from-pycaffe.md", "utf8")
    .split("\n")
    .filter(
      (line) =>
        line.startsWith("| ") &&
        !line.startsWith("| ---") &&
        !line.startsWith("| pycaffe") &&
        !line.startsWith("| matcaffe"),
    )
    .map((line) =>
      line
        .slice(2, -2)
        .split(/ +\| +/)
        .map((cell) => cell.trim()),
    );

  test("no row is empty, and every name of pycaffe has one", () => {
    for (const row of rows) {
      expect(row, row.join(" | ")).toHaveLength(2);
      for (const cell of row) expect(cell).not.toBe("");
    }
    const left = rows.map(([name]) => name).join(" ");
    const names =
      "Net SGDSolver NesterovSolver AdaGradSolver RMSPropSolver AdaDeltaSolver AdamSolver NCCL Timer Layer Classifier Detector NetSpec init_log log set_mode_cpu set_mode_gpu set_device get_solver layer_type_list set_random_seed solver_count set_solver_count solver_rank set_solver_rank set_multiprocess has_nccl __version__ TRAIN TEST io layers params to_proto blobs layer_dict inputs outputs top_names bottom_names blob_loss_weights forward backward forward_all forward_backward_all set_input_arrays reshape clear_param_diffs copy_from share_with save save_hdf5 load_hdf5 before_forward after_forward before_backward after_backward data diff shape num channels height width count _gpu_data_ptr _gpu_diff_ptr net test_nets iter param max_iter display layer_wise_reduce base_lr lr solve step restore snapshot apply_update share_weights add_callback setup add_blob param_str phase ntop in_place coord_map coord_map_from_to crop conv_params crop_params compose inverse AxisMismatchException UndefinedMapException Transformer set_transpose set_channel_swap set_raw_scale set_mean set_input_scale preprocess deprocess load_image resize_image oversample blobproto_to_array array_to_blobproto arraylist_to_blobprotovector_str blobprotovector_str_to_arraylist array_to_datum datum_to_array predict image_dims crop_dims transformer detect_windows detect_selective_search configure_crop get_pooling_types_dict get_edge_label get_layer_lr_mult get_layer_label choose_color_by_layertype get_pydot_graph draw_net draw_net_to_file classify.py detect.py draw_net.py train.py";
    for (const name of names.split(" ")) expect(left).toContain(name);
  });

  test("what stands on the right is there", () => {
    using net = new api.Net("models/lenet/lenet.prototxt");
    using solver = api.Solver.parse(
      'base_lr: 1 lr_policy: "fixed" max_iter: 1 net_param { layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 } } } }',
    );
    const objects: Readonly<Record<string, object>> = {
      net,
      solver,
      blob: new api.Blob(),
      io: api.io,
      spec: new api.NetSpec(),
      errors: api.errors,
      layer: net.layers[0] as object,
      classifier: Object.create(api.Classifier.prototype) as object,
      detector: Object.create(api.Detector.prototype) as object,
      transformer: new api.io.Transformer([1, 1, 1, 1]),
    };
    const right = rows.map(([, cell]) => cell).join(" ");
    for (const [, object = "", member = ""] of right.matchAll(/\b(\w+)\.(\w+)/g)) {
      const owner = objects[object];
      const isField = object === "classifier" && ["transformer", "imageDims"].includes(member);
      if (owner && !isField) expect(member in owner, `${object}.${member}`).toBe(true);
    }
    for (const [, name = ""] of right.matchAll(/`(?:new )?([A-Za-z]\w+)[`(]/g)) {
      const isName = /^[A-Z]/.test(name) || name in api;
      if (isName && !["SGD", "TRAIN", "TEST", "MAX"].includes(name))
        expect(Object.keys(api)).toContain(name);
    }
  });
});
