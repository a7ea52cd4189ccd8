import { describe, expect, test } from "vitest";
import { Net } from "../../src/net/net.ts";
import { withPlaceholders } from "../../src/net/tools/placeholders.ts";
import { modelsFor, readBaseModel } from "../../src/new-run/base-model.ts";
import { makeNets } from "../../src/new-run/made-nets.ts";

describe("every classifier of models/", () => {
  test.each(modelsFor("classification"))("%s tells three classes of small pictures apart", (id) => {
    const model = readBaseModel(id, ["classification"]);
    const nets = makeNets(model, { classes: 3, size: model.smallSize, suffix: "x" });
    expect(nets.normalized).toBe(true);
    expect(nets.anew).toEqual([]);
    using net = new Net(withPlaceholders(nets.deploy), { silent: true });
    expect(net.outputs.map((name) => net.blob(name).count())).toEqual([3]);
    using train = new Net(
      withPlaceholders(nets.trainVal, { data: [2, ...net.blob("data").shape.slice(1)] }),
      {
        phase: "TEST",
        silent: true,
      },
    );
    const names = new Set(train.layerNames);
    expect(
      net.layerNames.filter((name) => net.layer(name).blobs.length > 0 && !names.has(name)),
    ).toEqual([]);
    // Nothing counts more guesses than there are classes.
    expect(train.layers.every(({ param }) => (param.accuracy_param?.top_k ?? 1) < 3)).toBe(true);
  });
});
