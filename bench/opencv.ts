import { spawnSync } from "node:child_process";

/** Debian's own, which has python3-opencv. */
export const PYTHON = "/usr/bin/python3";

/**
 * Whether OpenCV can be compared with; tells where it cannot.
 * @param python whose OpenCV
 */
export function hasOpenCv(python = PYTHON): boolean {
  const has = spawnSync(python, ["-c", "import cv2"]).status === 0;
  if (!has) console.log(`OpenCV is left out: ${python} has no cv2 (python3-opencv).`);
  return has;
}
