const list = (text: string): readonly string[] => text.split(",").map((name) => name.trim());

/** The 20 classes of PASCAL VOC in their order, which nets number from 1 on. */
export const VOC_NAMES: readonly string[] = list(
  `aeroplane, bicycle, bird, boat, bottle, bus, car, cat, chair, cow, diningtable, dog, horse, motorbike, person, pottedplant,
   sheep, sofa, train, tvmonitor`,
);

/** The 80 classes of COCO in their order, which nets number from 1 on. */
export const COCO_NAMES: readonly string[] = list(
  `person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign, parking meter,
   bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee,
   skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis racket, bottle, wine glass,
   cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch,
   potted plant, bed, dining table, toilet, tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink,
   refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush`,
);

/** The numbers of these in COCO's annotations, which leave out ten of 1 to 90. */
export const COCO_IDS: readonly number[] = Array.from({ length: 90 }, (_, i) => i + 1).filter(
  (id) => ![12, 26, 29, 30, 45, 66, 68, 69, 71, 83].includes(id),
);

/** The 19 classes of Cityscapes in the order of their numbers in training, from 0 on. */
export const CITYSCAPES_NAMES: readonly string[] = list(
  `road, sidewalk, building, wall, fence, pole, traffic light, traffic sign, vegetation, terrain, sky, person, rider, car, truck,
   bus, train, motorcycle, bicycle`,
);
