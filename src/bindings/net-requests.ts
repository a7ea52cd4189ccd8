import type { Args } from "../bridge/args.ts";
import { Held } from "../bridge/held.ts";
import type { Request, Session } from "../bridge/session.ts";
import { MemoryDataLayer } from "../layers/data/memory-data.ts";
import { Net } from "../net/net.ts";
import { CaffeError } from "../util/errors.ts";
import { factsOf, type NetFacts, noteUpdate } from "./open-net.ts";
import type { Settings } from "./settings.ts";

/** What can be asked of nets. */
export function netRequests(settings: Settings): Readonly<Record<string, Request>> {
  return {
    /** Builds the net of a prototxt file. */
    "net.open": (session, args) =>
      settings.withEngines((engines): NetFacts & { readonly held: number } => {
        const net = new Net(args.text("file"), {
          engines,
          log: settings.log,
          phase: args.text("phase") === "TRAIN" ? "TRAIN" : "TEST",
          ...(args.has("level") && { level: args.number("level") }),
          ...(args.has("stages") && { stages: args.texts("stages") }),
          ...(args.has("weights") && { weights: args.texts("weights") }),
        });
        const held = new Held(settings.closing(() => net.close()));
        return { ...factsOf(session, net, held), held: session.references.take(held) };
      }),

    /** Runs layers [from, to]; the loss. */
    "net.forward": (session, args) => {
      const net = netOf(session, args);
      const [from, to] = [args.number("from"), args.number("to")];
      if (!session.isWithinCall) return net.forward(from, to);
      net.forwardNow(from, to);
      return lossNow(net, from, to);
    },

    /** Runs the backward of layers from `from` back to `to`. */
    "net.backward": (session, args) => {
      const net = netOf(session, args);
      noteUpdate(net, false);
      const [from, to] = [args.number("from"), args.number("to")];
      if (!session.isWithinCall) return net.backward(from, to);
      net.backwardNow(from, to);
      return undefined;
    },

    "net.reshape": (session, args) => netOf(session, args).reshape(),

    "net.copyFrom": (session, args) => {
      netOf(session, args).copyFrom(args.text("file"), settings.log);
    },

    "net.shareWith": (session, args) =>
      netOf(session, args).shareWith(session.references.get(args.number("other"), Net)),

    "net.clearParamDiffs": (session, args) => netOf(session, args).clearParamDiffs(),

    /** Writes the weights; with `hdf5` in that format. */
    "net.save": async (session, args) => {
      const net = netOf(session, args);
      await net.paramsToHost();
      if (args.has("hdf5") && args.boolean("hdf5")) net.saveHdf5(args.text("file"));
      else net.save(args.text("file"));
    },

    /**
     * Lets the other side's function `id` write the batches of the MemoryData layer that a net begins with, out of `count`
     * images: it is called with the number of a batch's first image.
     */
    "net.setInputArrays": (session, args) => {
      const [layer] = netOf(session, args).layers;
      if (!(layer instanceof MemoryDataLayer)) {
        throw new CaffeError(
          "set_input_arrays may only be called if the first layer is a MemoryData layer.",
        );
      }
      const id = args.number("id");
      layer.readFrom((position) => {
        session.call("callback.run", { id, args: [position] });
      }, args.number("count"));
    },

    /** Calls the other side's function `id` at one of the four moments, with the layer's number. */
    "net.addCallback": (session, args) => {
      const [net, moment, id] = [netOf(session, args), args.text("moment"), args.number("id")];
      const lists = {
        before_forward: net.beforeForward,
        after_forward: net.afterForward,
        before_backward: net.beforeBackward,
        after_backward: net.afterBackward,
      } as const;
      const list = lists[moment as keyof typeof lists];
      if (!list) throw new CaffeError(`a net has no moment "${moment}".`);
      // It may look at blobs.
      net.runApart();
      list.push((layer) => {
        session.call("callback.run", { id, args: [layer] });
      });
    },
  };
}

export function netOf(session: Session, args: Args): Net {
  return session.references.get(args.number("net"), Net);
}

/** Σ loss_weight · top of layers [from, to], whose tops lie on the host. */
function lossNow(net: Net, from: number, to: number): number {
  let loss = 0;
  for (let i = from; i <= to; i++) {
    net.lossWeights[i]?.forEach((weight, t) => {
      if (weight === 0) return;
      for (const value of net.topBlobs[i]?.[t]?.values() ?? []) loss += weight * value;
    });
  }
  return loss;
}
