// What binding.gyp asks of the MPI on this machine: `found` prints 1 or 0; `include`, `link` print what mpicc would give the
// compiler and the linker. OpenMPI's mpicc and MPICH's both know -show.
import { spawnSync } from "node:child_process";

const { status, stdout } = spawnSync("mpicc", ["-show"], { encoding: "utf8" });
const words = status === 0 ? stdout.trim().split(/\s+/).slice(1) : [];
const asked = process.argv[2];
if (asked === "found") {
  process.stdout.write(words.some((word) => word.startsWith("-lmpi")) ? "1" : "0");
} else if (asked === "include") {
  const folders = words.filter((word) => word.startsWith("-I")).map((word) => word.slice(2));
  process.stdout.write(folders.join(" "));
} else {
  process.stdout.write(words.filter((word) => /^-(L|l|Wl,)/.test(word)).join(" "));
}
