import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findFaces, type ModelFiles } from "../../examples/notebooks/detection-faces.ts";
import type { FloatImage } from "../../src/float-images/float-image.ts";
import { overlap } from "../../src/inference/windows.ts";

const ZOO = "../shared/zoo/models";
const isThere = existsSync(join(ZOO, "mtcnn-det1"));

/** The numbers of a file, little-endian. */
function floats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** A photograph of two men: what another detector was given, blue first and minus a mean. */
function photograph(): FloatImage {
  const [height, width] = [144, 192];
  const planes = floats(join(ZOO, "yufacedetect-v1", "faces.in.bin"));
  const mean = [104, 117, 123];
  const data = new Float32Array(height * width * 3);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < height * width; i++) {
      data[i * 3 + 2 - c] = ((planes[c * height * width + i] ?? 0) + (mean[c] ?? 0)) / 255;
    }
  }
  return { shape: [height, width, 3], data };
}

test.skipIf(!isThere)(
  `MTCNN finds the faces in a photograph (${isThere ? "its three nets are there" : `skipped: no ${ZOO}/mtcnn-det1`})`,
  async () => {
    const files = (name: string): ModelFiles => ({
      net: join(ZOO, name, "deploy.prototxt"),
      weights: join(ZOO, name, "weights.caffemodel"),
    });
    const faces = await findFaces(photograph(), [
      files("mtcnn-det1"),
      files("mtcnn-det2"),
      files("mtcnn-det3"),
    ]);
    expect(faces).toHaveLength(2);
    // Where the other detector, run by another program, found them: rows of image, label, score and box.
    const rows = floats(join(ZOO, "yufacedetect-v1", "faces.detection_out.out.bin"));
    const known = Array.from({ length: rows.length / 7 }, (_, i) => rows.subarray(7 * i, 7 * i + 7))
      .filter(([, , score = 0]) => score > 0.8)
      .map(([, , , left = 0, top = 0, right = 0, bottom = 0]) => ({
        left: left * 192,
        top: top * 144,
        right: right * 192,
        bottom: bottom * 144,
      }));
    expect(known).toHaveLength(2);
    for (const box of known) {
      const face = faces.find((one) => overlap(one.box, box) > 0.4);
      expect(face, `a face at ${JSON.stringify(box)}`).toBeDefined();
      expect(face?.score).toBeGreaterThan(0.9);
      // Eyes above nose above mouth.
      const [eye, , nose, mouth] = face?.landmarks.map(([, y]) => y) ?? [];
      expect(eye).toBeLessThan(nose ?? 0);
      expect(nose).toBeLessThan(mouth ?? 0);
    }
  },
);
