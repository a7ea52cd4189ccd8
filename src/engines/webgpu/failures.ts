import { DeviceError } from "../../util/errors.ts";

/**
 * What went wrong on the device. WebGPU tells of it late, in promises: the first failure is kept, and thrown
 * where the engine is next called or awaited.
 */
export class Failures {
  #first: DeviceError | undefined;
  readonly #checks: Set<Promise<unknown>> = new Set();

  /** Keeps the first failure; what follows is its consequence. Of a lost device nothing else matters. */
  record(failure: DeviceError): void {
    if (failure.failure === "lost") this.#first = failure;
    else this.#first ??= failure;
  }

  /** Records what `check` resolves to, if that is a failure. */
  watch(check: Promise<DeviceError | undefined>): void {
    const watched = check.then(
      (failure) => {
        if (failure) this.record(failure);
      },
      (cause: unknown) => {
        this.record(new DeviceError("use", "", `the device failed: ${String(cause)}`, { cause }));
      },
    );
    this.#checks.add(watched);
    void watched.then(() => this.#checks.delete(watched));
  }

  /** Records a failure that may be the consequence of one that is not known yet: after all that is being checked. */
  suspect(failure: DeviceError): void {
    this.watch(Promise.all(this.#checks).then(() => failure));
  }

  /** @throws DeviceError where something has failed: again and again if the device is lost, else once */
  throwIfAny(): void {
    const failure = this.#first;
    if (!failure) return;
    if (failure.failure !== "lost") this.#first = undefined;
    throw failure;
  }

  /** Whether there is something that `settle` would wait for or throw. */
  get isOpen(): boolean {
    return this.#first !== undefined || this.#checks.size > 0;
  }

  /**
   * Waits until everything made so far is known to be well.
   * @throws DeviceError
   */
  async settle(): Promise<void> {
    while (this.#checks.size > 0) await Promise.all(this.#checks);
    this.throwIfAny();
  }
}
