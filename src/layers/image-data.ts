import { DataTransformer } from "../io/data-transformer.ts";
import type { Datum } from "../io/datum.ts";
import { readBytes, readText } from "../io/files.ts";
import { decodeImage, resizeImage } from "../io/image.ts";
import { imageSize } from "../io/image-size.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { Random } from "../util/random.ts";
import { countOf } from "../util/shape.ts";
import { type ImageBatch, ImageBatchLayer } from "./base/image-batches.ts";
import type { None, Two } from "./base/layer.ts";

/**
 * Images from files that a list names, with a label each.
 *
 * - top[0]: N×C×H×W, the transformed images, blue first; top[1]: N labels
 * - `image_data_param`: source (a text file, `path label` on each line), batch_size 1, root_folder, shuffle false
 *   (anew in every pass), new_height and new_width (both or neither), is_color true, rand_skip 0
 * - `transform_param`: scale 1, mirror false, crop_size 0, mean_file or mean_value
 *
 * @see Caffe's ImageDataLayer
 */
export class ImageDataLayer extends ImageBatchLayer {
  static override readonly type: string = "ImageData";

  readonly #param = withDefaults("ImageDataParameter", this.param.image_data_param);
  #lines: readonly { readonly path: string; readonly label: number }[] = [];
  #transformer!: DataTransformer;
  #skip = 0;

  override setUp(_bottom: None, [data, label]: Two): void {
    const { source, batch_size, new_height, new_width, is_color, rand_skip } = this.#param;
    if (batch_size < 1)
      this.fail(`image_data_param.batch_size is ${batch_size}. Positive batch size required.`);
    if (new_height > 0 !== new_width > 0) {
      this.fail(
        `image_data_param has new_height ${new_height} and new_width ${new_width}. Expected both to be set, or neither.`,
      );
    }
    if (!source)
      this.fail("image_data_param has no source. Expected a text file that lists images.");
    this.batchSize = batch_size;
    this.#lines = this.named(() => listOf(readText(this.locate(source), "image list")));
    if (this.#lines.length === 0)
      this.fail(`${source}: File is empty. Expected \`path label\` on each line.`);
    this.context.log(`A total of ${this.#lines.length} images.`);
    if (rand_skip > 0) this.#skip = this.random("skip").below(rand_skip);
    const transform = this.named(() => this.transform());
    this.#transformer = new DataTransformer(transform);
    const size =
      transform.cropSize > 0 ? [transform.cropSize, transform.cropSize] : this.#firstSize();
    data.reshape([batch_size, is_color ? 3 : 1, ...size]);
    label.reshape([batch_size]);
    this.context.log(`output data size: ${data.shape.join(",")}`);
  }

  #firstSize(): readonly number[] {
    const { new_height, new_width } = this.#param;
    if (new_height > 0) return [new_height, new_width];
    const { path } = this.#line(0);
    return this.named(() => imageSize(readBytes(path, "image"), path));
  }

  /** The item at a place since the beginning, in the order of its pass. */
  #line(position: number): { path: string; label: number } {
    const count = this.#lines.length;
    const [pass, at] = [
      Math.floor((position + this.#skip) / count),
      (position + this.#skip) % count,
    ];
    const line = this.#lines[this.#param.shuffle ? (this.#order(pass)[at] ?? 0) : at];
    return {
      path: this.locate(`${this.#param.root_folder}${line?.path ?? ""}`),
      label: line?.label ?? 0,
    };
  }

  #pass = -1;
  #shuffled = new Uint32Array(0);

  #order(pass: number): Uint32Array {
    if (pass !== this.#pass) {
      const random = new Random(this.seed, this.param.name ?? "", "order", pass);
      this.#shuffled = Uint32Array.from({ length: this.#lines.length }, (_, i) => i);
      for (let i = this.#shuffled.length - 1; i > 0; i--) {
        const k = random.below(i + 1);
        [this.#shuffled[i], this.#shuffled[k]] = [this.#shuffled[k] ?? 0, this.#shuffled[i] ?? 0];
      }
      this.#pass = pass;
    }
    return this.#shuffled;
  }

  protected override async loadBatch(position: number): Promise<ImageBatch> {
    const lines = Array.from({ length: this.batchSize }, (_, i) => this.#line(position + i));
    const records = await Promise.all(lines.map(({ path, label }) => this.#load(path, label)));
    const shape = this.#transformer.outputShape(records[0] as Datum);
    const size = countOf(shape);
    const data = new Float32Array(this.batchSize * size);
    records.forEach((record, i) => {
      const own = this.#transformer.outputShape(record);
      if (own.join() !== shape.join()) {
        this.fail(
          `${lines[i]?.path} becomes ${own.join("×")} in a batch of ${shape.join("×")}. Expected one size in a batch; give crop_size or new_height and new_width, or batch_size: 1.`,
        );
      }
      const random = this.#transformer.isRandom
        ? new Random(this.seed, this.param.name ?? "", (position + i) % 2 ** 32)
        : undefined;
      this.named(() =>
        this.#transformer.transform(record, data.subarray(i * size, (i + 1) * size), random),
      );
    });
    return {
      shape: [this.batchSize, ...shape],
      data,
      label: Float32Array.from(lines, ({ label }) => label),
    };
  }

  async #load(path: string, label: number): Promise<Datum> {
    const { is_color, new_height, new_width } = this.#param;
    const image = await decodeImage(readBytes(path, "image"), is_color, path);
    const sized = new_height > 0 ? resizeImage(image, new_height, new_width) : image;
    return { ...sized, label, floatData: undefined, encoded: false };
  }
}

/** `path label` on each line, split at the last space: a path may hold spaces. */
function listOf(text: string): { path: string; label: number }[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.lastIndexOf(" ");
      const label = Number.parseInt(line.slice(at + 1), 10);
      return { path: at < 0 ? line : line.slice(0, at), label: Number.isNaN(label) ? 0 : label };
    });
}
