import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeImage } from "../../../src/io/images/encode.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { VideoDataLayer } from "../../../src/layers/data/video-data.ts";
import type { Net } from "../../../src/net/net.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

beforeAll(async () => {
  mkdirSync(join(folder, "frames"));
  for (let k = 3; k < 8; k++) {
    const image = { channels: 3, height: 2, width: 2, data: new Uint8Array(12).fill(10 * k) };
    writeFileSync(join(folder, `frames/00${k}.png`), await encodeImage(image, "png"));
  }
  copyFileSync(join(folder, "frames/003.png"), join(folder, "frames/009.png"));
  writeFileSync(join(folder, "frames.txt"), "frames/007.png\nframes/004.png 5\n");
});

const video = (param: string, tops = 'top: "data" top: "label"'): Net =>
  netOf(
    `layer { name: "v" type: "VideoData" ${tops} data_param { batch_size: 2 }
       video_data_param { ${param} } }`,
    { root: folder },
  );

/** The first value of each frame of the next batches. */
async function frames(net: Net, batches: number): Promise<number[]> {
  const seen: number[] = [];
  for (let k = 0; k < batches; k++) {
    await net.forward();
    const values = net.blob("data").values();
    seen.push(values[0] ?? -1, values[12] ?? -1);
  }
  net.close();
  return seen;
}

describe("VideoData", () => {
  test("gives frames by their numbers up to the first gap, round and round", async () => {
    const net = video('video_type: VIDEO video_file: "frames/%03d.png"');
    expect(net.blob("data").shape).toEqual([2, 3, 2, 2]);
    expect(await frames(net, 3)).toEqual([30, 40, 50, 60, 70, 30]);
  });

  test("takes the last of every skip_frames + 1, and has labels only where they are asked for", async () => {
    const net = video(
      'video_type: VIDEO video_file: "frames/%03d.png" skip_frames: 1',
      'top: "data"',
    );
    expect(await frames(net, 2)).toEqual([40, 60, 40, 60]);
  });

  test("gives the frames that a text file names", async () => {
    const net = video('video_type: VIDEO video_file: "frames.txt"');
    await net.forward();
    expect(Array.from(net.blob("label").values())).toEqual([0, 5]);
    expect(await frames(net, 1)).toEqual([70, 40]);
  });

  test.each([
    ["", /WEBCAM. No camera is opened here/],
    ["video_type: VIDEO", /has no video_file/],
    ['video_type: VIDEO video_file: "film.mp4"', /films are not decoded here.*ffmpeg -i film.mp4/],
    ['video_type: VIDEO video_file: "none/%d.png"', /names no frame/],
    ['video_type: VIDEO video_file: "frames/%099999999d.png"', /numbers of 99999999 digits/],
    ['video_type: VIDEO video_file: "frames.txt" skip_frames: 2', /there are 2 frames/],
  ])("with %s is refused", (param, problem) => {
    expect(() => video(param)).toThrow(problem);
  });

  test.each([
    ["new_length: 16", [4, 3, 16, 12, 12]],
    ["new_length: 10 num_segments: 1 modality: FLOW", [4, 20, 12, 12]],
    ["new_length: 1 num_segments: 3 modality: RGB", [4, 9, 12, 12]],
    ["new_length: 5", [4, 3, 5, 12, 12]],
    ["name_pattern: 'flow_%c_%03d.png'", [4, 2, 12, 12]],
    ["use_image: true name_pattern: '%03d.png'", [4, 3, 1, 12, 12]],
  ])("says what shape other forks' clips have: %s", (param, shape) => {
    const net = parsePrototxt(
      "NetParameter",
      `layer { type: "VideoData" transform_param { crop_size: 12 } video_data_param { source: "a" batch_size: 4 ${param} } }`,
    );
    expect(VideoDataLayer.topShape(net.layer![0]!, 0)).toEqual(shape);
    expect(VideoDataLayer.topShape(net.layer![0]!, 1)).toEqual([4]);
  });
});
