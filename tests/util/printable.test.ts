import { expect, test } from "vitest";
import { csvField, csvName } from "../../src/util/csv.ts";
import { printable, withoutControls } from "../../src/util/printable.ts";

test("what a terminal obeys is shown as numbers", () => {
  expect(printable("a\x1b[31m\0\x7f\x9b\r\nb\tc")).toBe(
    "a\\x1b[31m\\x00\\x7f\\x9b\\x0d\\x0ab\\x09c",
  );
  expect(printable("\u202e\u2028\u2066")).toBe("\\u{202e}\\u{2028}\\u{2066}");
  expect(printable("a\tb\nc", "\t\n")).toBe("a\tb\nc");
  const plain = "a ä 猫 🐈 \\x1b \u00a0";
  expect(printable(plain)).toBe(plain);
});

test("XML's forbidden characters are left out", () => {
  expect(withoutControls("a\u202e\u2069\x1b\0b\n\tc\ud800d\uffffe🐈")).toBe("ab\n\tcde🐈");
});

test("fields of CSV are quoted where they must be; names are no formulas", () => {
  expect(csvField('a,b"c')).toBe('"a,b""c"');
  expect(csvField("a;b", ";")).toBe('"a;b"');
  expect(csvField("a,b", ";")).toBe("a,b");
  expect(csvField("a\nb")).toBe('"a\nb"');
  expect(csvField("=1")).toBe("=1");
  for (const start of ["=", "+", "-", "@"]) expect(csvName(`${start}x`)).toBe(`'${start}x`);
  expect(csvName('=HYPERLINK("http://x")')).toBe(`"'=HYPERLINK(""http://x"")"`);
  expect(csvName("loss")).toBe("loss");
});
