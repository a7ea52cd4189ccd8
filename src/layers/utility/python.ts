import { dirname } from "node:path";
import { Blob } from "../../blob/blob.ts";
import {
  isDrivenByPython,
  isInstalledForPython,
  pythonModule,
  pythonSession,
} from "../../bridge/python.ts";
import { RemoteLayer } from "../../bridge/remote-layer.ts";
import type { Primitive } from "../../engines/engine.ts";
import type { RecordCounts } from "../../io/loaders/records-in-pass.ts";
import type { LayerParameter, Phase } from "../../io/proto/caffe.ts";
import type { Random } from "../../util/random.ts";
import {
  type Arity,
  type Blobs,
  Layer,
  type LayerContext,
  type LayerState,
  type ParamField,
} from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { hasUserModule, loadUserModule } from "../base/user-module.ts";
import { runUsersCode } from "../base/users-code.ts";
import { type KnownLayer, knownLayers } from "../rcnn/known-layers.ts";

/** Learnable parameters of a user's layer; `add_blob(2, 3)` makes one of that shape, all zeros. */
type UserBlobs = Blob[] & { add_blob(...shape: number[]): Blob };

/**
 * What the class that a Python layer names must offer; the names are pycaffe's. It may read `param_str`,
 * `phase` and `blobs`, which are set before `setup`.
 */
export interface UserLayer {
  param_str?: string;
  phase?: Phase;
  /** `setup` adds to it, unless the prototxt has. */
  blobs?: UserBlobs;
  /** This and the others have to be done when they return: what returns a promise is refused. */
  setup(bottom: Blobs, top: Blobs): void;
  reshape(bottom: Blobs, top: Blobs): void;
  forward(bottom: Blobs, top: Blobs): void;
  backward(top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void;
  /** When the net is closed; it may be left out. */
  close?(): void;
}

type UserLayerClass = new (
  random: Random,
  context: LayerContext,
  param: LayerParameter,
) => UserLayer;

/**
 * A layer of the user's own, written in JavaScript, TypeScript or Python: a class with setup, reshape, forward and backward.
 *
 * - any bottoms and tops; what they hold is the class's affair
 * - blobs: those that its setup adds
 * - `python_param`: module (a file, with or without .js or .ts, beside the net or in the current directory; or a module
 *   of Python, on PYTHONPATH, there, or installed), layer (the class it exports), param_str (given to it as it is),
 *   share_in_parallel false
 *
 * A class in Python runs in the process that has imported `caffe`, and elsewhere in a `python3` that is started for it.
 *
 * Where several solvers train side by side each has a layer of its own. With `share_in_parallel` layers without
 * bottoms, which read data, go through one sequence of forward passes, dealt out in turns: each solver gets
 * another batch.
 *
 * Four layers of py-faster-rcnn are known where no module of the name is there: `rpn.proposal_layer` ProposalLayer,
 * `rpn.anchor_target_layer` AnchorTargetLayer, `rpn.proposal_target_layer` ProposalTargetLayer and `roi_data_layer.layer`
 * RoIDataLayer, which reads a database of annotated images: param_str has `'source'` for it. They have the configuration
 * that nets are trained end to end with; other values of it may stand in param_str by their names, as `'BATCH_SIZE': 64`.
 * So is ENet's `spatial_dropout` SpatialDropoutLayer, with `'phase'` and `'p'` in param_str.
 *
 * docs/user-layers.md shows how to write one.
 *
 * @see Caffe's PythonLayer
 */
export class PythonLayer extends Layer {
  static override readonly type: string = "Python";
  static override readonly paramFields: readonly ParamField[] = ["python_param"];
  static override readonly inBrowser: boolean = false;
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly allowsInPlace: boolean = true;
  static override readonly bottoms: Arity = {
    min: 0,
    max: Number.POSITIVE_INFINITY,
  };
  static override readonly tops: Arity = {
    min: 0,
    max: Number.POSITIVE_INFINITY,
  };

  /** Where its class runs in another process. */
  remote: RemoteLayer | undefined;
  #layer!: UserLayer;
  /** The same, where it is one that is known. */
  #known: KnownLayer | undefined;
  /** Passes of other solvers that come before this one's next. */
  #skips = 0;
  #between = 0;

  override setUp(bottom: Blobs, top: Blobs): void {
    const {
      module = "",
      layer = "",
      param_str = "",
      share_in_parallel = false,
    } = this.param.python_param ?? {};
    if (module === "" || layer === "")
      this.fail("python_param needs module and layer. Expected both to be given.");
    const { root = ".", file } = this.context;
    const folders = [root, ...(file === undefined ? [] : [dirname(file)]), "."];
    this.#layer = hasUserModule(module, folders)
      ? this.#fromJavaScript(module, layer, folders)
      : ((isDrivenByPython() || pythonModule(module, folders) !== undefined
          ? this.#fromPython(module, layer, folders)
          : undefined) ??
        this.#fromKnown(`${module}.${layer}`) ??
        (isInstalledForPython(module) ? this.#fromPython(module, layer, folders) : undefined) ??
        this.#fromJavaScript(module, layer, folders));
    for (const method of ["setup", "reshape", "forward", "backward"] as const) {
      if (typeof this.#call(method, () => this.#layer[method]) !== "function") {
        this.fail(
          `class ${layer} of module "${module}" has no method ${method}. Expected setup, reshape, forward and backward.`,
        );
      }
    }
    const blobs = Object.assign(this.blobs, {
      add_blob: (...shape: number[]): Blob => {
        const blob = new Blob(shape, this.context.dtype);
        this.blobs.push(blob);
        return blob;
      },
    });
    this.#call("a setter", () => {
      Object.assign(this.#layer, { param_str, phase: this.phase, blobs });
    });
    this.#run("setup", bottom, top);
    const { rank, count } = this.#shared(!this.#known && share_in_parallel && bottom.length === 0);
    this.#skips = rank;
    this.#between = count - 1;
  }

  #fromJavaScript(module: string, layer: string, folders: readonly string[]): UserLayer {
    const exported = this.named(() => loadUserModule(module, folders));
    const Class = this.#call(layer, () => exported[layer]);
    if (typeof Class !== "function") {
      this.fail(
        `module "${module}" has no class ${layer}. Expected \`export class ${layer}\` with setup, reshape, forward and backward.`,
      );
    }
    if (Class.prototype === undefined) {
      this.fail(
        `${layer} of module "${module}" is a function that \`new\` cannot call. Expected \`export class ${layer}\` with setup, reshape, forward and backward.`,
      );
    }
    return this.#make(layer, Class as UserLayerClass);
  }

  /** Undefined where Python has no such module, or one that cannot be imported and whose layer is known without it. */
  #fromPython(module: string, layer: string, folders: readonly string[]): UserLayer | undefined {
    const name = this.param.name ?? "";
    const session = this.named(() => pythonSession());
    const found = this.named(() => session.call("layer.find", { module, folders })) as string;
    if (found === "absent") return undefined;
    if (found !== "" && knownLayers[`${module}.${layer}`]) {
      this.context.warn(
        `module "${module}" cannot be imported: ${found}; the layer that is known by this name runs in its place.`,
      );
      return undefined;
    }
    this.remote = this.#call(`the constructor of class ${layer}`, () => {
      return new RemoteLayer(session, { module, layer, folders, name });
    });
    return this.remote;
  }

  #fromKnown(name: string): UserLayer | undefined {
    const Class = knownLayers[name];
    if (!Class) return undefined;
    const made = this.#make(name, Class as UserLayerClass);
    this.#known = made as KnownLayer;
    return made;
  }

  #make(name: string, Class: UserLayerClass): UserLayer {
    return this.#call(`the constructor of class ${name}`, () => {
      return new Class(this.randomOfRank("python"), this.context, this.param);
    });
  }

  /** Which of the passes of a layer that all solvers share is this one's. */
  #shared(isShared: boolean): { readonly rank: number; readonly count: number } {
    const { shard } = this.context;
    return isShared && this.phase === "TRAIN" && shard ? shard : { rank: 0, count: 1 };
  }

  /** Whether a layer that is known runs, and no code of the user's. */
  get isKnown(): boolean {
    return this.#known !== undefined;
  }

  override ready(): Promise<void> | undefined {
    return this.#known?.ready?.();
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    this.#run("reshape", bottom, top);
  }

  override forward(bottom: Blobs, top: Blobs): void {
    for (; this.#skips > 0; this.#skips--) this.#run("forward", bottom, top);
    this.#run("forward", bottom, top);
    this.#skips = this.#between;
  }

  override backward(top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    this.#run("backward", top, propagateDown, bottom);
  }

  override state(): LayerState | undefined {
    return this.#known?.state?.();
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#known?.restore?.(state);
  }

  override recordName(): string | undefined {
    return this.#known?.recordName?.();
  }

  override recordsInPass(): RecordCounts | undefined {
    return this.#known?.recordsInPass?.();
  }

  override close(): void {
    this.#layer?.close?.();
  }

  /** Runs a method of the user's class, which is to be done when it returns. */
  #run<Name extends "setup" | "reshape" | "forward" | "backward">(
    name: Name,
    ...args: Parameters<UserLayer[Name]>
  ): void {
    const { layer } = this.param.python_param ?? {};
    const method = this.#layer as Record<Name, (...args: Parameters<UserLayer[Name]>) => void>;
    this.#call(`${name} of class ${layer}`, () => method[name](...args));
  }

  #call<T>(what: string, work: () => T): T {
    return runUsersCode(this.param, what, work);
  }
}
