import { expect, test } from "vitest";
import { commandNames, loadCommands } from "../../src/cli/command-list.ts";

const nameOf = ({ command }: { readonly command?: unknown }): string | undefined =>
  String(command).split(" ")[0];

test("every command is called as it is listed, and where none is named all are loaded", async () => {
  const all = await loadCommands("--help");
  expect(all.map(nameOf)).toEqual(commandNames);
  expect((await loadCommands("upgrade_net_proto_binary")).map(nameOf)).toEqual([
    "upgrade_net_proto_binary",
  ]);
});
