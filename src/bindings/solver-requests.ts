import type { Args } from "../bridge/args.ts";
import { Held } from "../bridge/held.ts";
import type { Request, Session } from "../bridge/session.ts";
import { readSolverParameter } from "../io/text/read-net.ts";
import { Solver } from "../solvers/solver.ts";
import { netOf } from "./net-requests.ts";
import { factsOf, type NetFacts, noteUpdate } from "./open-net.ts";
import type { Settings } from "./settings.ts";

/** What another language is told of a solver. */
interface SolverFacts {
  readonly solver: number;
  readonly held: number;
  readonly type: string;
  readonly net: NetFacts;
  readonly testNets: readonly NetFacts[];
}

/** The solver that runs at this moment, which a signal stops. */
let running: Solver | undefined;

/** Asks the solver that runs to stop; a `solve` ends with a snapshot then. */
export function stopRunning(): void {
  running?.request("stop");
}

/** What can be asked of solvers. */
export function solverRequests(settings: Settings): Readonly<Record<string, Request>> {
  return {
    /** Builds the solver of a prototxt file; with `type` that of another update rule than the file says. */
    "solver.open": (session, args) =>
      settings.withEngines((engines): SolverFacts => {
        const file = args.text("file");
        const param = readSolverParameter(file, settings.log);
        const type = args.has("type") ? { type: args.text("type") } : {};
        const solver = new Solver({ ...param, ...type }, { engines, log: settings.log, file });
        const held = new Held(settings.closing(() => solver.close()));
        const number = session.references.take(solver);
        held.numbers.push(number);
        return {
          solver: number,
          held: session.references.take(held),
          type: solver.param.type ?? "SGD",
          net: factsOf(session, solver.net, held),
          testNets: solver.testNets.map((net) => factsOf(session, net, held)),
        };
      }),

    "solver.iter": (session, args) => solverOf(session, args).iter,

    "solver.rate": (session, args) => solverOf(session, args).learningRate(),

    /** One of the solver's fields. */
    "solver.get": (session, args) => {
      const param = solverOf(session, args).param as Readonly<Record<string, unknown>>;
      return param[args.text("field")];
    },

    "solver.setBaseRate": (session, args) => {
      const solver = solverOf(session, args);
      solver.param = { ...solver.param, base_lr: args.number("value") };
    },

    /** Does so many iterations. */
    "solver.step": (session, args) =>
      whileRunning(solverOf(session, args), (solver) => solver.step(args.number("iterations"))),

    "solver.solve": (session, args) =>
      whileRunning(solverOf(session, args), (solver) =>
        solver.solve(args.has("file") ? args.text("file") : undefined),
      ),

    "solver.restore": (session, args) => solverOf(session, args).restore(args.text("file")),

    /** Writes a snapshot; the path of its .solverstate. */
    "solver.snapshot": (session, args) => solverOf(session, args).snapshot(),

    "solver.applyUpdate": async (session, args) => {
      const solver = solverOf(session, args);
      await solver.applyUpdate();
      noteUpdate(solver.net, true);
    },

    /** Lets a net use the weights of the solver's. */
    "solver.shareWeights": (session, args) =>
      netOf(session, args).shareWith(solverOf(session, args).net),

    /** Calls the other side's functions at the start of an iteration, and when its gradients are there. */
    "solver.addCallback": (session, args) => {
      const [start, gradients] = [args.number("onStart"), args.number("onGradientsReady")];
      const solver = solverOf(session, args);
      const run = (id: number, isUpdated: boolean): void => {
        noteUpdate(solver.net, isUpdated);
        session.call("callback.run", { id, args: [] });
      };
      solver.callbacks.push({
        onStart: () => run(start, solver.iter > 0),
        onGradientsReady: () => run(gradients, false),
      });
    },
  };
}

function solverOf(session: Session, args: Args): Solver {
  return session.references.get(args.number("solver"), Solver);
}

async function whileRunning(
  solver: Solver,
  work: (solver: Solver) => Promise<void>,
): Promise<void> {
  running = solver;
  const { iter } = solver;
  try {
    await work(solver);
  } finally {
    running = undefined;
    if (solver.iter !== iter) noteUpdate(solver.net, true);
  }
}
