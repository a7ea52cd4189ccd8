// What the types of `L` refuse, and what they let through: the compiler is the test, in `npm run check` and when a change lands.
import { expect, test } from "vitest";
import { L, type Tops } from "../../src/net-spec/layers.ts";

test("wrong fields and missing bottoms are errors of types", () => {
  const data = L.Input({ shape: { dim: [1, 3, 8, 8] } });
  const several: readonly (typeof data)[] = [data, data];
  const joined: Tops<1> = L.Concat(...several, { axis: 1 });
  const [a, b] = L.Slice(joined, { ntop: 2 });
  expect([L.Concat(...several), L.Eltwise(a, b, { operation: "SUM" }), L.ReLU(data)]).toHaveLength(
    3,
  );
  const refused = [
    // @ts-expect-error There is no such field; the message says which was meant.
    () => L.Convolution(data, { num_outputs: 3 }),
    // @ts-expect-error It has to have a bottom.
    () => L.InnerProduct({ num_output: 3 }),
    // @ts-expect-error A number is no word.
    () => L.Pooling(data, { pool: 1 }),
    // @ts-expect-error It is another layer's field.
    () => L.ReLU(data, { num_output: 3 }),
  ];
  expect(refused).toHaveLength(4);
});
