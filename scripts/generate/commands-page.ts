import { main } from "../../src/cli/main.ts";

/** What a command line prints, as wide as it is in a terminal of 100 columns. */
async function printed(...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    await main(args);
  } finally {
    console.log = log;
  }
  return lines.join("\n").replace(/ +$/gm, "");
}

/** What stands behind these words at the beginnings of lines: commands, and once more where there are examples. */
function wordsAfter(words: string, help: string): ReadonlySet<string> {
  const found = help.matchAll(new RegExp(`^  ${words} (\\w+)`, "gm"));
  return new Set([...found].map(([, word]) => word!).filter((word) => word !== "completion"));
}

/** The help of every command. */
export async function commandsPage(): Promise<string> {
  const overview = await printed("--help");
  const names = wordsAfter("caffe", overview);
  const sections: string[] = [];
  for (const name of names) {
    const help = await printed(name, "--help");
    const subcommands = wordsAfter(`caffe ${name}`, help);
    sections.push(`## caffe ${name}\n\n\`\`\`text\n${help}\n\`\`\``);
    for (const sub of subcommands) {
      const text = await printed(name, sub, "--help");
      if (text !== help) sections.push(`### caffe ${name} ${sub}\n\n\`\`\`text\n${text}\n\`\`\``);
    }
  }
  return `<!-- Made from src/cli by npm run gen; change it there. -->

# Command line

Flags are spelt as in Caffe or as elsewhere: \`-solver x\`, \`-solver=x\`, \`--solver x\`, \`--solver=x\`. A command ends with 0
where it did what it was to do, and otherwise with one line that says why.

\`\`\`text
${overview}
\`\`\`

${sections.join("\n\n")}
`;
}
