// Writes the pages of docs/ that are made from code: cli.md from the commands, models.md from the models' READMEs.
// `npm run gen` writes them; with --check it only says whether they are up to date. Reads dist: build first.
import { readFileSync, writeFileSync } from "node:fs";
import { main } from "../dist/cli/main.js";
import { listModels } from "../dist/models/model-zoo.js";

/** What a command line prints, as wide as it is in a terminal of 100 columns. */
async function printed(...args) {
  const lines = [];
  const { log } = console;
  console.log = (line) => lines.push(line);
  try {
    await main(args);
  } finally {
    console.log = log;
  }
  return lines.join("\n").replace(/ +$/gm, "");
}

async function commandLine() {
  const overview = await printed("--help");
  const names = [...overview.matchAll(/^ {2}caffe (\w+)/gm)].map(([, name]) => name);
  const sections = [];
  for (const name of names) {
    const help = await printed(name, "--help");
    const subcommands = [...help.matchAll(new RegExp(`^  caffe ${name} (\\w+)`, "gm"))].map(
      ([, sub]) => sub,
    );
    sections.push(`## caffe ${name}\n\n\`\`\`text\n${help}\n\`\`\``);
    for (const sub of subcommands) {
      const text = await printed(name, sub, "--help");
      if (text !== help) sections.push(`### caffe ${name} ${sub}\n\n\`\`\`text\n${text}\n\`\`\``);
    }
  }
  return `# Command line

Flags are spelt as in Caffe or as elsewhere: \`-solver x\`, \`-solver=x\`, \`--solver x\`, \`--solver=x\`. A command ends with 0
where it did what it was to do, and otherwise with one line that says why.

\`\`\`text
${overview}
\`\`\`

${sections.join("\n\n")}
`;
}

function models() {
  const rows = listModels().map(({ id, name, task, parameters, macs, input, weights }) => [
    `\`${id}\``,
    name,
    task,
    parameters.toLocaleString("en"),
    macs,
    input,
    weights ? "can be fetched" : "–",
  ]);
  return `# Models

Nets that come with the package, each with its paper, its sizes and its preparation in a README. \`caffe models show NAME\`
prints it, \`caffe models get NAME\` copies the files and fetches the authors' weights where they publish any. Parameters are
those that learn; BatchNorm's statistics are not counted. Multiplications (MACs) are those of one sample.

${table(["name", "", "task", "parameters", "MACs", "input", "weights"], rows)}
`;
}

/** A table as the formatter would have it. */
function table(header, rows) {
  const all = [header, header.map(() => ""), ...rows];
  const widths = header.map((_, k) => Math.max(3, ...all.map((row) => row[k].length)));
  return all
    .map((row, i) =>
      row.map((cell, k) => (i === 1 ? "-".repeat(widths[k]) : cell.padEnd(widths[k]))),
    )
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const pages = { "docs/cli.md": await commandLine(), "docs/models.md": models() };
const isCheck = process.argv.includes("--check");
for (const [path, body] of Object.entries(pages)) {
  const text = `<!-- Made by npm run gen (scripts/generate-docs.mjs); change the code, not this. -->\n\n${body}`;
  if (!isCheck) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(`${path} is older than the code. Run npm run gen.`);
    process.exitCode = 1;
  }
}
