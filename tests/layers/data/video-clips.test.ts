// VideoData's clips of frames: C3D's, and those of temporal segment networks.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs/light.js";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeImage } from "../../../src/io/images/encode.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
const [HEIGHT, WIDTH] = [4, 5];
/** How many frames each video has. */
const FRAMES = [6, 9, 4];

/** Pixel (c, y, x) of frame f, from 1 on, of a video. */
const pixel = (video: number, f: number, c: number, y: number, x: number): number =>
  70 * video + 7 * f + 3 * c + 2 * y + x;

const image = (channels: number, of: (c: number, y: number, x: number) => number) => ({
  ...{ channels, height: HEIGHT, width: WIDTH },
  data: Uint8Array.from({ length: channels * HEIGHT * WIDTH }, (_, i) =>
    of(Math.floor(i / (HEIGHT * WIDTH)), Math.floor(i / WIDTH) % HEIGHT, i % WIDTH),
  ),
});

const write = async (path: string, channels: number, of: Parameters<typeof image>[1]) =>
  writeFileSync(join(root, path), await encodeImage(image(channels, of), "png"));

const list = (name: string, ...lines: readonly string[]): void =>
  writeFileSync(join(root, name), `${lines.join("\n")}\n`);

beforeAll(async () => {
  for (const [video, count] of FRAMES.entries()) {
    mkdirSync(join(root, `v${video}`));
    for (let f = 1; f <= count; f++) {
      const names = [
        `${String(f).padStart(6, "0")}.jpg`,
        `image_${String(f).padStart(4, "0")}.jpg`,
      ];
      // What a file is, its bytes tell.
      for (const name of names) {
        await write(`v${video}/${name}`, 3, (c, y, x) => pixel(video, f, c, y, x));
      }
      for (const [k, way] of ["x", "y"].entries()) {
        const name = `flow_${way}_${String(f).padStart(4, "0")}.jpg`;
        await write(`v${video}/${name}`, 1, (_, y, x) => pixel(video, f, k, y, x));
      }
    }
  }
  list("first.txt", "v0/ 1 4", "v1 3 7", "v0 2 5");
  list("frames.txt", ...FRAMES.map((count, k) => `v${k} ${count} ${k}`));
});

const clipNet = (param: string, transform = "", options: Partial<NetOptions> = {}): Net =>
  netOf(
    `layer { name: "v" type: "VideoData" top: "data" top: "label"
       video_data_param { ${param} } transform_param { ${transform} } }`,
    { root, ...options },
  );

const c3d = (param: string, ...more: [transform?: string, options?: Partial<NetOptions>]): Net =>
  clipNet(`use_image: true ${param}`, ...more);

/** The values of the next batches, one after the other. */
async function batches(net: Net, count: number, blob = "data"): Promise<number[][]> {
  const all: number[][] = [];
  for (let k = 0; k < count; k++) {
    await net.forward();
    all.push(Array.from(net.blob(blob).values()));
  }
  return all;
}

/** C3D's clip of a video's frames: channel, frame, row, column. */
function volume(
  video: number,
  frames: readonly number[],
  [top, left, height, width]: readonly [number, number, number, number] = [0, 0, HEIGHT, WIDTH],
  isMirrored = false,
): number[] {
  const values: number[] = [];
  for (let c = 0; c < 3; c++) {
    for (const f of frames) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const column = isMirrored ? width - 1 - x : x;
          values.push(pixel(video, f, c, top + y, left + column));
        }
      }
    }
  }
  return values;
}

/** The frames of clips of one channel a frame, whole: a first pixel tells its frame. */
const framesOf = (values: readonly number[], video: number, planes: number): number[] =>
  Array.from({ length: values.length / (planes * HEIGHT * WIDTH) }, (_, k) => {
    const value = values[k * planes * HEIGHT * WIDTH] ?? 0;
    return (value - 70 * video) / 7;
  });

describe("C3D's clips", () => {
  test("have an axis of time, every sampling_rate-th frame, and one mean a channel", async () => {
    const net = c3d(
      'source: "first.txt" batch_size: 2 new_length: 2 sampling_rate: 2',
      "crop_size: 2 mean_value: 1 mean_value: 2 mean_value: 3 scale: 0.5",
      { phase: "TEST" },
    );
    expect(net.blob("data").shape).toEqual([2, 3, 2, 2, 2]);
    const [values] = await batches(net, 1);
    const middle = [1, 1, 2, 2] as const;
    const wanted = [...volume(0, [1, 3], middle), ...volume(1, [3, 5], middle)].map(
      (value, i) => (value - (1 + Math.floor((i % 24) / 8))) / 2,
    );
    expect(values).toEqual(wanted);
    expect([...net.blob("label").values()]).toEqual([4, 7]);
    expect(await batches(net, 1, "label")).toEqual([[5, 4]]);
    net.close();
  });

  test("are cut and mirrored alike in all frames, with a mean of the clip's shape", async () => {
    // The first Caffe of C3D: five old axes, and a mean that takes 1 for each frame and 10 for each channel.
    const writer = protobuf.Writer.create();
    for (const [i, length] of [1, 3, 2, HEIGHT, WIDTH].entries()) {
      writer.uint32((i + 1) << 3).int32(length);
    }
    writer.uint32((6 << 3) | 2).fork();
    for (let i = 0; i < 6 * HEIGHT * WIDTH; i++) {
      const plane = Math.floor(i / (HEIGHT * WIDTH));
      writer.float(10 * Math.floor(plane / 2) + (plane % 2) + 7 * (i % WIDTH));
    }
    writeFileSync(join(root, "mean.binaryproto"), writer.ldelim().finish());
    const net = netOf(
      `layers { name: "v" type: VIDEO_DATA top: "data" top: "label" image_data_param {
         source: "first.txt" use_image: true mean_file: "mean.binaryproto" batch_size: 1
         crop_size: 3 mirror: true show_data: 0 new_length: 2 use_temporal_jitter: false } }`,
      { root },
    );
    expect(net.blob("data").shape).toEqual([1, 3, 2, 3, 3]);
    const clips = [[0, 1] as const, [1, 3] as const, [0, 2] as const];
    const seen = new Set<string>();
    for (const [k, values] of (await batches(net, 60)).entries()) {
      const [video, first] = clips[k % 3] ?? [0, 0];
      const places = [0, 1].flatMap((top) =>
        [0, 1, 2].flatMap((left) => [false, true].map((isMirrored) => ({ top, left, isMirrored }))),
      );
      const place = places.find(({ top, left, isMirrored }) => {
        const raw = volume(video, [first, first + 1], [top, left, 3, 3], isMirrored);
        return raw.every((value, i) => {
          const x = i % 3;
          const column = left + (isMirrored ? 2 - x : x);
          const plane = Math.floor(i / 9);
          return values[i] === value - (10 * Math.floor(plane / 2) + (plane % 2) + 7 * column);
        });
      });
      expect(place).toBeDefined();
      seen.add(JSON.stringify(place));
    }
    expect(seen.size).toBe(12);
    net.close();
  });

  test("begin where use_temporal_jitter draws it in TRAIN, by the seed, and with the first frame in TEST", async () => {
    const text =
      'source: "frames.txt" batch_size: 3 new_length: 2 use_temporal_jitter: true sampling_rate: 2';
    const firsts = async (options: Partial<NetOptions>): Promise<number[][]> => {
      const net = c3d(text, "", options);
      const size = 6 * HEIGHT * WIDTH;
      const starts = (await batches(net, 30)).map((values) =>
        FRAMES.map((_, k) => framesOf(values.slice(k * size, (k + 1) * size), k, 1)[0] ?? 0),
      );
      net.close();
      return starts;
    };
    const drawn = await firsts({ seed: 3 });
    for (const [k, count] of FRAMES.entries()) {
      const all = new Set(drawn.map((starts) => starts[k]));
      expect([...all].sort()).toEqual(Array.from({ length: count - 3 }, (_, i) => i + 1));
    }
    expect(await firsts({ seed: 3 })).toEqual(drawn);
    expect(await firsts({ seed: 4 })).not.toEqual(drawn);
    expect(new Set((await firsts({ phase: "TEST" })).flat())).toEqual(new Set([1]));
  });

  test("have a sampling_rate that use_sampling_rate_jitter draws", async () => {
    const net = c3d(
      'source: "first.txt" batch_size: 1 new_length: 2 use_sampling_rate_jitter: true max_sampling_rate: 3',
    );
    const steps = (await batches(net, 30)).map((values, k) => {
      const [one = 0, two = 0] = framesOf(values, k % 3 === 1 ? 1 : 0, 1);
      return two - one;
    });
    expect([...new Set(steps)].sort()).toEqual([1, 2, 3]);
    net.close();
  });

  test("have several labels with use_multiple_label, and are resized", async () => {
    list("many.txt", "v0 1 0,3", "v1 1 2");
    const net = c3d(
      'source: "many.txt" batch_size: 2 new_length: 3 new_height: 8 new_width: 10 use_multiple_label: true num_of_labels: 4',
    );
    expect(net.blob("data").shape).toEqual([2, 3, 3, 8, 10]);
    expect(net.blob("label").shape).toEqual([2, 4]);
    expect(await batches(net, 1, "label")).toEqual([[1, 0, 0, 1, 0, 0, 1, 0]]);
    net.close();
  });
});

describe("clips of temporal segment networks", () => {
  test("have the channels of frames in the middle of each segment one after the other in TEST", async () => {
    const net = clipNet(
      'source: "frames.txt" batch_size: 3 new_length: 2 num_segments: 2 modality: RGB',
      "",
      { phase: "TEST" },
    );
    expect(net.blob("data").shape).toEqual([3, 12, HEIGHT, WIDTH]);
    const [values = []] = await batches(net, 1);
    const size = 12 * HEIGHT * WIDTH;
    const frames = FRAMES.map((_, k) => framesOf(values.slice(k * size, (k + 1) * size), k, 3));
    // Parts of 3, 4 and 2 frames: ⌊(s − 1) / 2⌋ frames before.
    expect(frames).toEqual([
      [2, 3, 5, 6],
      [2, 3, 6, 7],
      [1, 2, 3, 4],
    ]);
    const one = [1, 2].flatMap((f) =>
      Array.from({ length: 3 * HEIGHT * WIDTH }, (_, i) =>
        pixel(2, f, Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5),
      ),
    );
    expect(values.slice(2 * size, 2 * size + one.length)).toEqual(one);
    net.close();
  });

  test("lie anywhere within each segment in TRAIN, and at the beginning where it is too short", async () => {
    const net = clipNet(
      'source: "frames.txt" batch_size: 3 new_length: 3 num_segments: 2 modality: RGB grayscale: true',
    );
    expect(net.blob("data").shape).toEqual([3, 6, HEIGHT, WIDTH]);
    const seen = FRAMES.map(() => new Set<string>());
    const size = 6 * HEIGHT * WIDTH;
    for (const values of await batches(net, 20)) {
      for (const [k, all] of seen.entries()) {
        // A grey pixel is between its channels, which are 6 apart.
        const frames = framesOf(values.slice(k * size, (k + 1) * size), k, 1);
        all.add(frames.map((f) => Math.floor(f)).join());
      }
    }
    expect([...(seen[0] ?? [])]).toEqual(["1,2,3,4,5,6"]);
    expect([...(seen[1] ?? [])].sort()).toEqual([
      "1,2,3,5,6,7",
      "1,2,3,6,7,8",
      "2,3,4,5,6,7",
      "2,3,4,6,7,8",
    ]);
    expect([...(seen[2] ?? [])]).toEqual(["1,2,3,1,2,3"]);
    net.close();
  });

  test("of a flow have it across and down, and across turned round where it is mirrored", async () => {
    list("one.txt", "v1 1 0");
    const flow = clipNet(
      'source: "one.txt" new_length: 1 modality: FLOW',
      "mirror: true is_flow: true mean_value: 100 mean_value: 128",
    );
    expect(flow.blob("data").shape).toEqual([1, 2, HEIGHT, WIDTH]);
    const plain = (isMirrored: boolean): number[] =>
      Array.from({ length: 2 * HEIGHT * WIDTH }, (_, i) => {
        const [k, y, x] = [Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5];
        const value = pixel(1, 1, k, y, isMirrored ? WIDTH - 1 - x : x);
        return (isMirrored && k === 0 ? 255 - value : value) - (k === 0 ? 100 : 128);
      });
    const all = await batches(flow, 20);
    const [straight, turned] = [plain(false), plain(true)].map(String);
    expect(new Set(all.map(String))).toEqual(new Set([straight, turned]));
    flow.close();
  });

  test("are parts of other sides with multi_scale, all frames alike", async () => {
    list("still.txt", "still 2 0");
    mkdirSync(join(root, "still"));
    for (const f of [1, 2]) {
      await write(`still/image_000${f}.jpg`, 3, (c, y, x) => pixel(0, 1, c, y * y, 9 * x));
    }
    const net = clipNet(
      'source: "still.txt" batch_size: 1 new_length: 2 modality: RGB new_height: 16 new_width: 20',
      "crop_size: 12 multi_scale: true fix_crop: true scale_ratios: 1 scale_ratios: 0.75 max_distort: 1",
    );
    expect(net.blob("data").shape).toEqual([1, 6, 12, 12]);
    const seen = new Set<string>();
    for (const values of await batches(net, 20)) {
      expect(values.slice(3 * 144)).toEqual(values.slice(0, 3 * 144));
      seen.add(String(values));
    }
    expect(seen.size).toBeGreaterThan(5);
    net.close();
  });
});

describe("clips", () => {
  const text =
    'source: "frames.txt" batch_size: 2 new_length: 2 use_temporal_jitter: true shuffle: true';

  test("go on from their state as if never stopped, with any number of threads", async () => {
    const first = c3d(text, "crop_size: 3 mirror: true workers: 1", { seed: 2 });
    await batches(first, 3);
    const resumed = c3d(text, "crop_size: 3 mirror: true workers: 3", { seed: 9 });
    await resumed.layers[0]?.restore(first.layers[0]?.state() ?? {});
    expect(await batches(resumed, 5)).toEqual(await batches(first, 5));
    first.close();
    resumed.close();
  });

  test("are dealt out to solvers that train side by side", async () => {
    const dealt = async (rank: number, count: number, size: number): Promise<number[][]> => {
      const net = c3d(text, "crop_size: 3", { seed: 4, shard: { rank, count } });
      const clips = (await batches(net, size)).flatMap((values) => [
        values.slice(0, values.length / 2),
        values.slice(values.length / 2),
      ]);
      net.close();
      return clips;
    };
    const whole = await dealt(0, 1, 6);
    const [even, odd] = await Promise.all([dealt(0, 2, 3), dealt(1, 2, 3)]);
    expect(whole).toEqual(even.flatMap((clip, i) => [clip, odd[i]]));
  });

  test("are counted, named by their folders, and seen by their first frames", async () => {
    const net = c3d('source: "first.txt" new_length: 2');
    const records = net.layers[0]?.openRecords();
    expect([records?.count, records?.name(1)]).toEqual([3, "v1"]);
    const picture = await records?.picture(1);
    expect(picture?.data[picture.offset]).toBe(pixel(1, 3, 0, 0, 0));
    await net.forward();
    expect(net.layers[0]?.recordName(0)).toMatch(/first\.txt:1$/);
    net.close();
  });

  test.each([
    [
      "use_image: true",
      "short.txt",
      "",
      /short\.txt:2: 2 words. Expected `folder first-frame label`/,
    ],
    ["use_image: true", "word.txt", "", /word\.txt:1: first-frame is "x"/],
    [
      "modality: RGB",
      "none.txt",
      "",
      /none\.txt:1: frames is "0". Expected a whole number from 1 to 2147483647/,
    ],
    ["use_image: true", "label.txt", "", /label\.txt:1: label "cat" is not a whole number/],
    [
      "use_image: true use_multiple_label: true num_of_labels: 3",
      "first.txt",
      "",
      /label "4" is not a whole number from 0 to 2/,
    ],
    [
      "",
      "first.txt",
      "",
      /films, which are not decoded here.*ffmpeg -i .*use_image: true; or.*modality/,
    ],
    ["use_image: true modality: RGB", "first.txt", "", /modality has no meaning for C3D's clips/],
    [
      "modality: RGB sampling_rate: 2",
      "first.txt",
      "",
      /sampling_rate has no meaning for clips of temporal/,
    ],
    ["use_image: true new_length: 0", "first.txt", "", /new_length is 0. Expected 1 or more/],
    [
      "modality: RGB new_length: 4294967295 num_segments: 2",
      "first.txt",
      "",
      /clips of 8589934590 frames, .* Expected 65536 at most/,
    ],
    ["use_image: true batch_size: 0", "first.txt", "", /Positive batch size required/],
    ["use_image: true new_height: 3", "first.txt", "", /Expected both to be set, or neither/],
    [
      'modality: FLOW name_pattern: "a_%d.png"',
      "frames.txt",
      "",
      /Expected one as flow_%c_%04d.jpg/,
    ],
    ['use_image: true name_pattern: "a.png"', "first.txt", "", /Expected one as %06d.jpg/],
    [
      "use_image: true",
      "lost.txt",
      "",
      /lost\.txt:1: .*gone\/000001\.jpg" cannot be read: no such file/,
    ],
    ["use_image: true", "first.txt", "mean_value: 1 mean_value: 2", /mean_value is given 2 times/],
    ["use_image: true", "first.txt", "is_flow: true", /Expected modality: FLOW/],
    ["use_image: true", "first.txt", "hue: 5", /for single images. Expected brightness/],
    [
      "use_image: true",
      "first.txt",
      "resize_param { height: 2 width: 2 }",
      /Expected new_height, new_width/,
    ],
    [
      "modality: FLOW",
      "frames.txt",
      "is_flow: true max_rotation: 5",
      /is_flow.*Expected one of them/,
    ],
  ])("%s of %s with %s is refused", (param, source, transform, message) => {
    list("short.txt", "v0 1 0", "v0 1");
    list("word.txt", "v0 x 0");
    list("none.txt", "v0 0 0");
    list("label.txt", "v0 1 cat");
    list("lost.txt", "gone 1 0");
    expect(() => clipNet(`source: "${source}" ${param}`, transform)).toThrow(message);
  });

  test.each([
    [
      "use_image: true new_length: 4",
      "v0 4 0",
      /clips\.txt:1: .*v0\/000007\.jpg" cannot be read: no such file/,
    ],
    [
      "use_image: true new_length: 4 sampling_rate: 2 use_temporal_jitter: true",
      "v0 6 0",
      /clips\.txt:1: it has 6 frames, and a clip takes 4 of every 2th. Expected 8 or more/,
    ],
    ["modality: RGB new_length: 7", "v0 6 0", /clips\.txt:1: it has 6 frames, and a clip takes 7/],
    [
      "use_image: true new_length: 2",
      "odd 1 0",
      /odd\/000002\.jpg is 2×2, and the frame before it 4×5/,
    ],
  ])("%s of %s names the line whose frames it lacks", async (param, line, message) => {
    list("clips.txt", line);
    mkdirSync(join(root, "odd"), { recursive: true });
    await write("odd/000001.jpg", 3, () => 1);
    const small = { channels: 3, height: 2, width: 2, data: new Uint8Array(12) };
    writeFileSync(join(root, "odd/000002.jpg"), await encodeImage(small, "png"));
    const more =
      param.includes("jitter") || param.includes("7") ? "new_height: 4 new_width: 5" : "";
    const net = clipNet(`source: "clips.txt" ${param} ${more}`);
    await expect(net.forward()).rejects.toThrow(message);
    net.close();
  });

  test("are refused of ImageData", () => {
    expect(() =>
      netOf(
        `layer { name: "v" type: "ImageData" top: "data" top: "label"
           image_data_param { source: "first.txt" new_length: 3 } }`,
        { root },
      ),
    ).toThrow(/new_length is not a field of BVLC Caffe.*VideoData reads clips/);
  });
});
