import { MAP_WRITE, Usage } from "./usage.ts";

/** The most memory that uploads have between them; what finds no room goes another way. */
const MOST_BYTES = 128 * 2 ** 20;

/** Memory of the host's that the device copies from. */
interface Place {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

/**
 * Mapped memory through which arrays go up: they are written straight into it, wherever they lie, and commands copy them from
 * there in their turn. A place comes round again once the device has done what was sent with it; nothing waits for that.
 */
export class UploadRing {
  readonly #device: GPUDevice;
  /** Places that are mapped and free, the one that came back last behind. */
  readonly #free: Place[] = [];
  /** Those that the commands being recorded copy from. */
  #written: Place[] = [];
  #bytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Memory that holds the bytes of `array` as they are now, for commands of this recording; undefined where there is no room. */
  write(array: Float32Array | Uint8Array): GPUBuffer | undefined {
    const place = this.#take(Math.max(256, Math.ceil(array.byteLength / 256) * 256));
    if (!place) return undefined;
    const bytes = new Uint8Array(place.buffer.getMappedRange());
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    place.buffer.unmap();
    this.#written.push(place);
    return place.buffer;
  }

  /** The recording has been sent: what it copies from is mapped again when the device has done so. */
  sent(): void {
    const written = this.#written;
    this.#written = [];
    for (const place of written) {
      void place.buffer.mapAsync(MAP_WRITE).then(
        () => this.#free.push(place),
        // The device is lost or closed, which is told elsewhere.
        () => this.#drop(place),
      );
    }
  }

  #take(bytes: number): Place | undefined {
    const at = this.#free.findLastIndex((place) => place.bytes === bytes);
    const [found] = at < 0 ? [] : this.#free.splice(at, 1);
    // A device that was just lost has unmapped all.
    if (found) return found.buffer.mapState === "mapped" ? found : this.#drop(found);
    // Places of sizes that have gone out of use make room for others.
    while (this.#bytes + bytes > MOST_BYTES) {
      const oldest = this.#free.shift();
      if (!oldest) return undefined;
      this.#drop(oldest);
    }
    const buffer = this.#device.createBuffer({
      label: "upload",
      size: bytes,
      usage: Usage.mapWrite | Usage.copyFrom,
      mappedAtCreation: true,
    });
    this.#bytes += bytes;
    return { buffer, bytes };
  }

  #drop({ buffer, bytes }: Place): undefined {
    buffer.destroy();
    this.#bytes -= bytes;
  }
}
