import type { TransformationParameter } from "../../../io/proto/caffe.ts";
import { linesOf } from "../../../io/proto/source.ts";
import { readRunFileBeside } from "../../../new-run/run-file.ts";
import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { isInput, isSource } from "../../layer-kinds.ts";

/** N×C×H×W: what is not so shaped is not made of a picture file. */
const AXES_OF_PICTURES = 4;

/** What values become before a net reads them: (value − mean) · scale. */
interface Preparation {
  readonly mean: string;
  readonly scale: number;
}

/**
 * Pictures that are prepared in one way for training, and in another for use: the mean that training subtracts, and its
 * scale. Nothing fails; the net only sees values that it has never seen, and guesses badly. A net for use says it in its Input's
 * transform_param, `caffe new` in run.json.
 */
export const preparation: NetCheck = {
  name: "preparation",
  uses: ["deploy"],
  *look({ whole, layers }, { nets }) {
    const train = nets.find(({ use }) => use === "train");
    const source = train?.layers.find((layer) => isSource(layer) && layer.transform_param);
    const input = layers.find(isInput);
    if (!source || !input) return;
    const wanted = preparationOf(source.transform_param);
    const own = layers.find(({ transform_param }) => transform_param);
    const run = own ? undefined : readRunFileBeside(linesOf(input)?.file ?? "");
    const said = run
      ? { mean: textOf(run.mean_value), scale: run.input_scale ?? 1 }
      : preparationOf(own?.transform_param);
    if (isSame(wanted.mean, said.mean) && isNear(wanted.scale, said.scale)) return;
    const fields = fieldsOf(wanted, source.transform_param);
    const trained = `Layer "${source.name}" trains with ${textsOf(wanted)}`;
    if (!own && !run) {
      if (input.input_param?.shape?.[0]?.dim?.length !== AXES_OF_PICTURES) return;
      yield ofLayer(whole, input, {
        severity: "note",
        what: `${trained}, and this net does not say so: pictures that it is used on are prepared otherwise unless --mean or --mean_value, and --input_scale say it each time.`,
        advice: `Add to this layer: transform_param { ${fields} }`,
      });
      return;
    }
    yield ofLayer(
      whole,
      own ?? input,
      {
        severity: "error",
        what: `${trained}, and ${run ? "run.json" : "this net"} says ${textsOf(said)}: the net would see other values than it has learned from.`,
        advice: run
          ? `Write into run.json what training does: ${fields}`
          : `Write transform_param { ${fields} }`,
      },
      { message: own?.transform_param },
    );
  },
};

function preparationOf(transform: TransformationParameter = {}): Preparation {
  const { mean_value = [], mean_file, scale = 1 } = transform;
  return { mean: mean_value.length > 0 ? textOf([...mean_value]) : (mean_file ?? ""), scale };
}

/** Means of channels; one that is that of all stands once. */
function textOf(means: readonly number[]): string {
  const isZero = means.every((mean) => mean === 0);
  return isZero
    ? ""
    : means.every((mean) => mean === means[0])
      ? String(means[0])
      : means.join(", ");
}

/** Means are written with more or fewer digits. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [a.split(", "), b.split(", ")];
  if (a === "" || b === "" || one.length !== other.length) return a === b;
  return one.every(
    (text, i) => text === other[i] || Math.abs(Number(text) - Number(other[i])) < 0.5,
  );
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 0.01 * Math.max(Math.abs(a), Math.abs(b));
}

function textsOf({ mean, scale }: Preparation): string {
  return `${mean === "" ? "no mean" : `mean ${mean}`} and scale ${Number(scale.toPrecision(6))}`;
}

function fieldsOf(
  { scale }: Preparation,
  { mean_value = [], mean_file }: TransformationParameter = {},
): string {
  const means = [...mean_value].map((mean) => `mean_value: ${mean}`);
  if (means.length === 0 && mean_file) means.push(`mean_file: ${JSON.stringify(mean_file)}`);
  return [...means, ...(scale === 1 ? [] : [`scale: ${scale}`])].join(" ") || "scale: 1";
}
