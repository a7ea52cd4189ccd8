import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { download } from "../../../src/io/files/download.ts";
import { getModel, listModels, modelCard } from "../../../src/models/model-zoo.ts";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const body = Buffer.from("the weights of a net".repeat(1000));
const sha1 = createHash("sha1").update(body).digest("hex");
let asked = 0;
const server = createServer((request, response) => {
  asked++;
  if (request.url === "/missing") response.writeHead(404).end();
  else if (request.url === "/cut") {
    response.writeHead(200, { "content-length": body.length });
    response.write(body.subarray(0, 100), () => response.destroy());
  } else if (request.url === "/other") response.end("something else");
  else response.writeHead(200, { "content-length": body.length }).end(body);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = (path: string): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;
afterAll(() => server.close());

describe("download", () => {
  const path = join(folder, "weights.caffemodel");

  test("a whole file with the right checksum is there; once there it is not fetched again", async () => {
    const seen: (readonly [number, number | undefined])[] = [];
    expect(await download({ urls: [url("good")], sha1 }, path, (...told) => seen.push(told))).toBe(
      true,
    );
    expect(readFileSync(path)).toEqual(body);
    expect(seen.at(-1)).toEqual([body.length, body.length]);
    const before = asked;
    expect(await download({ urls: [url("good")], sha1 }, path)).toBe(false);
    expect(asked).toBe(before);
    writeFileSync(path, "damaged");
    expect(await download({ urls: [url("missing"), url("good")], sha1 }, path)).toBe(true);
  });

  test.each([
    ["missing", /status 404 Not Found/],
    ["cut", /terminated|aborted/],
    ["other", /its SHA-1 is [0-9a-f]{40}, expected/],
  ])("a file that is %s leaves nothing, and what to do is said", async (what, message) => {
    const target = join(folder, what);
    const failed = download({ urls: [url(what)], sha1 }, target);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(`Fetch it by other means; its SHA-1 is ${sha1}`);
    expect(readdirSync(folder).filter((file) => file.startsWith(what))).toEqual([]);
  });

  test("a server that is not there, and a folder that is not", async () => {
    const nobody = { urls: ["http://127.0.0.1:9/x"], sha1 };
    await expect(download(nobody, join(folder, "x"))).rejects.toThrow("http://127.0.0.1:9/x: ");
    const nowhere = download({ urls: [url("good")], sha1 }, join(folder, "none", "x"));
    await expect(nowhere).rejects.toThrow("no such file or directory");
  });
});

describe("caffe models", () => {
  test("lists every folder of models/, as a table and as JSON", async () => {
    const { status, stdout } = await caffeHere(["models", "list"]);
    expect(status).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(1 + listModels().length);
    expect(stdout).toMatch(
      /^resnet50 +classification \(ILSVRC 2012\) +25,557,096 +3\.9 G +to be fetched$/m,
    );
    const json = JSON.parse((await caffeHere(["models", "list", "--json"])).stdout) as {
      id: string;
    }[];
    expect(json.map(({ id }) => id)).toContain("lenet");
  });

  test("shows a model's README", async () => {
    expect((await caffeHere(["models", "show", "squeezenet"])).stdout).toMatch(
      /^# SqueezeNet 1\.1\n/,
    );
    const { stdout } = await caffeHere(["models", "show", "vgg19", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ id: "vgg19", parameters: 143_667_240 });
    expect((await caffeHere(["models", "show", "squeezenut"])).stderr).toContain(
      'there is no model "squeezenut". Did you mean "squeezenet"?',
    );
    expect((await caffeHere(["models"])).stderr).toContain("models needs list, show or get");
  });

  test("gets a model's files; weights of the wrong checksum are refused", async () => {
    const target = join(folder, "lenet");
    const got = await caffeHere(["models", "get", "lenet", target]);
    expect(got.stdout.trim().split("\n")).toContain(join(target, "lenet.prototxt"));
    expect(got.stderr).toContain("its authors publish no weights");
    expect(existsSync(join(target, "README.md"))).toBe(true);
    const without = await caffeHere(["models", "get", "alexnet", target, "--no-weights"]);
    expect(without.status).toBe(0);
    const wrong = await caffeHere(["models", "get", "alexnet", target, "--url", url("good")]);
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain(`its SHA-1 is ${sha1}, expected 9116a64c`);
    expect(existsSync(join(target, "bvlc_alexnet.caffemodel"))).toBe(false);
  });

  test("weights that are there already and right are not fetched", async () => {
    const { weights } = modelCard("squeezenet");
    expect(weights?.sha1).toMatch(/^[0-9a-f]{40}$/);
    const target = join(folder, "again");
    await expect(getModel("squeezenet", target, { urls: [url("missing")] })).rejects.toThrow("404");
    expect(readdirSync(target).sort()).toEqual([
      "README.md",
      "deploy.prototxt",
      "solver.prototxt",
      "train_val.prototxt",
    ]);
  });

  test("nets for other classes are made of classifiers and of SSD's detectors", async () => {
    const target = join(folder, "detector");
    const args = ["models", "get", "mobilenet_ssd", target, "--classes=2", "--size=128"];
    const { status, stdout } = await caffeHere(args);
    expect(status).toBe(0);
    expect(stdout).toBe(`${target}/train_val.prototxt\n${target}/deploy.prototxt\n`);
    const text = readFileSync(join(target, "deploy.prototxt"), "utf8");
    expect(text).toContain("# MobileNet-SSD for 2 classes, 128x128 pixels.");
    expect(text.match(/num_output: (9|18) kernel_size: 1/g)).toHaveLength(6);
    const refused = [
      [["faster-rcnn-vgg16", "--classes=2"], "finds objects: mobilenet_ssd, ssd300_vgg16"],
      [["lenet", "--classes=1"], "1 class is given, and lenet tells classes apart"],
      [["ssd300_vgg16", "--classes=2", "--size=200"], "does not work on 200×200 pixels"],
    ] as const;
    for (const [words, said] of refused) {
      const { status, stderr } = await caffeHere(["models", "get", ...words]);
      expect(stderr).toContain(said);
      expect(status).toBe(1);
    }
  });
});
