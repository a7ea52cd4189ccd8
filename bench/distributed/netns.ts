// Trains nets on two "hosts", network namespaces that a veth pair joins, at several rates, and holds what scale-model.ts
// predicts against it. `npm run bench:netns -- --help` tells how.
import { execFileSync, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type NetTimes, predict } from "./scale-model.ts";

/** By net: images of a rank's batch, and steps. */
const CASES: Readonly<Record<string, readonly [batch: number, steps: number]>> = {
  lenet: [32, 60],
  caffenet: [16, 6],
  googlenet: [8, 6],
  resnet50: [4, 6],
  vgg16: [2, 6],
};

const help = `Trains nets in two ranks of one thread whose only way to one another is a veth pair between two network namespaces, and
predicts the same from layers' times, which are measured first in both at once, and from what a sum of 4 MiB gets of the link and
takes of the core.

  npm run bench:netns -- [NET …] [--rates 1,10] [--delay MS]

NET is one of ${Object.keys(CASES).join(", ")}; lenet and caffenet by default.

  --rates G,…   Gbit/s of the link (1,10)
  --delay MS    each way, too; the kernel needs netem then (0)

It needs root, two cores, iproute2 and OpenMPI, whose own way of adding up for two ranks is a tree.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rates: { type: "string", default: "1,10" },
    delay: { type: "string", default: "0" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}

const [one, two] = [`caffe-one-${process.pid}`, `caffe-two-${process.pid}`];
const ends = [
  [one, "caffe0", "10.77.0.1"],
  [two, "caffe1", "10.77.0.2"],
] as const;
const agent = join(tmpdir(), `caffe-agent-${process.pid}`);
const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const netOf = (net: string): string => programOf(`../nets/${net}.prototxt`);
const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
  });

try {
  makeHosts();
  const delay = Number(values.delay);
  for (const net of positionals.length > 0 ? positionals : ["lenet", "caffenet"]) {
    const [batch, steps] = CASES[net] ?? [8, 6];
    const times = await layerTimes(net, batch);
    for (const gigabits of values.rates.split(",").map(Number)) {
      limit(gigabits, delay);
      const link = JSON.parse(inBoth("link.mjs")) as Link;
      const told = inBoth("steps.mjs", netOf(net), `${batch}`, `${steps}`, "1", "apart");
      const { ms } = JSON.parse(told) as { readonly ms: number };
      const measured = (2000 * batch) / ms;
      const { imagesPerSecond, hidden } = predict(times, 2, { ...link, allReduce: "tree" });
      console.log(
        `${net} at ${gigabits} Gbit/s: ${measured.toFixed(1)} images/s measured, ${imagesPerSecond.toFixed(1)} predicted (${(imagesPerSecond / measured).toFixed(2)}); ` +
          `of which sums get ${(link.bandwidth / 125_000).toFixed(2)}, latency ${link.latency.toFixed(3)} ms, ${(1e6 * link.hostCost).toFixed(2)} ns of the core to send a byte and ${(1e6 * link.copyCost).toFixed(2)} to copy it, ${Math.round(100 * hidden)} % of the way hidden`,
      );
    }
  }
} finally {
  rmSync(agent, { force: true });
  for (const [space] of ends) {
    try {
      run("ip", "netns", "del", space);
    } catch {
      // It was not made: why, is told already.
    }
  }
}

/** What link.mjs tells. */
interface Link {
  readonly latency: number;
  readonly bandwidth: number;
  readonly hostCost: number;
  readonly copyCost: number;
}

/** Two network namespaces, and what lets mpirun start a rank in the second as on a machine of its own. */
function makeHosts(): void {
  for (const [space] of ends) run("ip", "netns", "add", space);
  const peer = ["type", "veth", "peer", "name", "caffe1", "netns", two];
  run("ip", "link", "add", "caffe0", "netns", one, ...peer);
  for (const [space, device, address] of ends) {
    run("ip", "-n", space, "addr", "add", `${address}/24`, "dev", device);
    run("ip", "-n", space, "link", "set", "lo", "up");
    run("ip", "-n", space, "link", "set", device, "up");
  }
  // mpirun gives the host and the command that is to run there, as to ssh. Ranks of one host name would not use the network.
  writeFileSync(
    agent,
    `#!/bin/sh\nshift\nexec ip netns exec ${two} unshare --uts sh -c "hostname caffe-two; $*"\n`,
    { mode: 0o755 },
  );
}

/** Limits both ways of the link. */
function limit(gigabits: number, delay: number): void {
  for (const [space, device] of ends) {
    const qdisc = (...args: readonly string[]): string =>
      run("tc", "-n", space, "qdisc", "replace", "dev", device, ...args);
    const rate = ["rate", `${gigabits}gbit`];
    if (delay > 0) qdisc("root", "netem", "delay", `${delay}ms`, ...rate);
    else qdisc("root", "handle", "1:", "tbf", ...rate, "burst", "256kb", "latency", "50ms");
  }
}

/** Runs a program in a rank of each, and gives what rank 0 prints. */
function inBoth(program: string, ...args: readonly string[]): string {
  const mpirun = [
    ...["mpirun", "--allow-run-as-root", "--bind-to", "none", "-np", "2"],
    ...[
      "--host",
      "10.77.0.1:1,10.77.0.2:1",
      "--mca",
      "plm_rsh_agent",
      agent,
      "--mca",
      "btl",
      "tcp,self",
    ],
    ...[
      "--mca",
      "btl_tcp_if_include",
      "10.77.0.0/24",
      "--mca",
      "oob_tcp_if_include",
      "10.77.0.0/24",
    ],
  ];
  const named = ["unshare", "--uts", "sh", "-c", 'hostname caffe-one; exec "$@"', "sh"];
  const rank = [process.execPath, programOf(program), ...args];
  return run("ip", "netns", "exec", one, ...named, ...mpirun, ...rank);
}

/** Layers' times while the other core computes the same: both share the machine's memory. */
async function layerTimes(net: string, batch: number): Promise<NetTimes> {
  const args = [programOf("layer-times.mjs"), netOf(net), `${batch}`, "8"];
  const other = spawn(process.execPath, args, {
    stdio: "ignore",
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  const ended = new Promise((resolve) => other.on("close", resolve));
  const times = JSON.parse(run(process.execPath, ...args)) as NetTimes;
  await ended;
  return times;
}
