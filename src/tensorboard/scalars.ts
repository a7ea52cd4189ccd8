import type { EventValue, RunEvent } from "../run-record/events.ts";

/** The curves of a run's events, by tags; what stands before a tag's first `/` is a group of TensorBoard's page. */
export function scalarsOf(event: RunEvent): readonly (readonly [tag: string, value: number])[] {
  if (event.type === "train") {
    const { imagesPerSecond, outputs = {} } = event;
    return [
      ["loss/train", Number(event.loss)],
      ["loss/smoothed", Number(event.smoothedLoss)],
      ["learning_rate", Number(event.rate)],
      ["speed/iterations_per_second", Number(event.iterationsPerSecond)],
      ...(imagesPerSecond === undefined
        ? []
        : [["speed/images_per_second", Number(imagesPerSecond)] as const]),
      ["speed/data_wait", Number(event.dataWait)],
      ["memory/bytes", event.memory],
      ...Object.entries(outputs).flatMap(([name, value]) => elementsOf(`train/${name}`, value)),
    ];
  }
  if (event.type !== "test") return [];
  return Object.entries(event.scores).map(([name, score]) => [
    testTag(event.net, name),
    Number(score),
  ]);
}

/** The tag of a test net's output. */
export function testTag(net: number, output: string): string {
  return `${net === 0 ? "test" : `test_${net}`}/${output}`;
}

function elementsOf(tag: string, value: EventValue): (readonly [string, number])[] {
  if (typeof value !== "object") return [[tag, Number(value)]];
  return value.map((element, i) => [i === 0 ? tag : `${tag}[${i}]`, Number(element)]);
}
