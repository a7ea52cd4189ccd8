// Runs command lines on the built program, one after the other in one process: node each-command.mjs COMMANDS, a list of lists in JSON.
// Prints how each ended, as JSON. What one leaves running keeps the process from its end.
import { main } from "../../dist/bundle/caffe.js";

const ended = [];
const streams = ["stdout", "stderr"].map((name) => [name, process[name].write]);
for (const args of JSON.parse(process.argv[2])) {
  const texts = { stdout: "", stderr: "" };
  for (const [name] of streams) {
    process[name].write = (text) => {
      texts[name] += text;
      return true;
    };
  }
  ended.push({ status: await main(args), ...texts });
}
for (const [name, write] of streams) process[name].write = write;
process.stdout.write(JSON.stringify(ended));
