// The npm package has the page as it was built, and none of its sources.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { buildPage } from "../scripts/build-page.ts";

test("the package holds the built page, with the licences of what is in it", async () => {
  await buildPage();
  const pack = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const { stdout } = spawnSync("npm", pack, { encoding: "utf8" });
  const [packed] = Object.values(JSON.parse(stdout) as { files: { path: string }[] }[]);
  const files = packed?.files.map(({ path }) => path) ?? [];
  for (const name of ["index.html", "app.js", "app.css", "icon.svg", "licences.txt"]) {
    expect(files).toContain(`dist/dashboard/page/${name}`);
  }
  expect(files.filter((path) => path.startsWith("dashboard/"))).toEqual([]);
});
