import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "../../../src/io/images/decode.ts";
import { caffeHere } from "../../support/cli.ts";
import { imageBytes, runPython, systemPython } from "../../support/opencv.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

beforeAll(() => {
  mkdirSync(join(folder, "in/sub"), { recursive: true });
  writeFileSync(join(folder, "in/rgb.png"), imageBytes("rgb.png"));
  writeFileSync(join(folder, "in/sub/a b.png"), imageBytes("rgb.png"));
  writeFileSync(join(folder, "in/tall.jpg"), imageBytes("orientation-6.jpg"));
  writeFileSync(
    join(folder, "list.txt"),
    "rgb.png 3\nsub/a b.png\ntall.jpg 0\ngone.png 1\n../x.png\n",
  );
});

const run = (...args: string[]) => caffeHere(["resize_and_crop_images", ...args], folder);

describe("resize_and_crop_images", () => {
  test("writes squares under the same paths, and skips what it cannot read", async () => {
    const { status, stderr } = await run(
      "list.txt",
      "--input_folder=in",
      "--output_folder=out",
      "--output_side_length=8",
    );
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/list\.txt:4: image ".*gone\.png" cannot be read.* It is skipped\./);
    expect(stderr).toMatch(/list\.txt:5: \.\.\/x\.png leads out of in\/.* It is skipped\./);
    expect(stderr).toContain("Processed 3 files.");
    const names = readdirSync(join(folder, "out"), { recursive: true, encoding: "utf8" });
    expect(names.sort()).toEqual(["rgb.png", "sub", "sub/a b.png", "tall.jpg"]);
    for (const name of ["rgb.png", "sub/a b.png", "tall.jpg"]) {
      const bytes = readFileSync(join(folder, "out", name));
      expect(await decodeImage(bytes, true, name)).toMatchObject({ height: 8, width: 8 });
    }
  });

  const python = systemPython("cv2", "numpy");
  test.skipIf(!python)("makes what Caffe's script makes with OpenCV (python3-opencv)", async () => {
    const program = `
import cv2, sys
image = cv2.imread(${JSON.stringify(join(folder, "in/rgb.png"))})
height, width, _ = image.shape
resized = cv2.resize(image, (8 * width // height, 8))
offset = (resized.shape[1] - 8) // 2
sys.stdout.buffer.write(resized[:, offset:offset + 8].transpose(2, 0, 1).tobytes())`;
    const { data } = await decodeImage(readFileSync(join(folder, "out/rgb.png")), true, "rgb.png");
    expect(Buffer.from(data)).toEqual(runPython(python ?? "", program));
  });

  test.each([
    [["list.txt", "--output_folder=out", "--output_side_length=0"], "--output_side_length is 0"],
    [["list.txt", "--output_folder=out"], "none of its 5 images could be made"],
    [["list.txt"], "Missing required argument: output_folder"],
    [["no.txt", "--output_folder=out"], 'image list "no.txt" cannot be read'],
  ])("refuses %o", async (args, message) => {
    const { status, stderr } = await run(...args);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});
