/**
 * The script of the server's page: sends a picture to the model that is chosen, and shows what it says. All text goes into the
 * page as text.
 */
export const PAGE_SCRIPT = `"use strict";
const at = (id) => document.getElementById(id);
const [drop, file, model, answer] = ["drop", "file", "model", "answer"].map(at);

const row = (value, text) => {
  const line = document.createElement("div");
  line.className = "row";
  const number = document.createElement("b");
  number.textContent = value;
  const name = document.createElement("span");
  name.textContent = text;
  line.append(number, name);
  return line;
};

const colours = ["#2458c5", "#c2410c", "#12773d", "#9333b8", "#0b7b86", "#b3261e", "#8a6400", "#d0307f"];

const drawn = (image, objects) => {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const size = Math.max(image.width, image.height);
  context.lineWidth = Math.max(2, size / 250);
  context.font = Math.max(12, size / 40) + "px sans-serif";
  for (const { label, name, box } of objects) {
    context.strokeStyle = context.fillStyle = colours[label % colours.length];
    context.strokeRect(box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin);
    context.fillText(name, box.xmin + 4, Math.max(box.ymin - 4, size / 40));
  }
  return canvas;
};

const rowsOf = ({ predictions, objects, classes }) => {
  if (predictions) return predictions.map(({ score, label }) => row(score.toFixed(4), label));
  if (objects) return objects.map(({ score, name }) => row(score.toFixed(3), name));
  return (classes || []).map(({ share, name }) => row((100 * share).toFixed(1) + " %", name));
};

let asked = 0;
const ask = async (picture) => {
  const mine = ++asked;
  answer.replaceChildren(row("", "…"));
  try {
    const response = await fetch(model.value, { method: "POST", body: picture });
    const said = await response.json();
    if (mine !== asked) return;
    if (!response.ok) throw new Error(said.error);
    const [shown] = said.pictures;
    const image = await createImageBitmap(picture).catch(() => undefined);
    if (mine !== asked) return;
    const rows = rowsOf(shown);
    answer.replaceChildren(
      ...(image ? [drawn(image, shown.objects || [])] : []),
      ...(rows.length > 0 ? rows : [row("", "nothing found")]),
    );
  } catch (error) {
    const line = row("", error.message);
    line.classList.add("bad");
    if (mine === asked) answer.replaceChildren(line);
  }
};

if (drop) {
  let last;
  const take = (picture) => {
    if (!picture) return;
    last = picture;
    ask(picture);
  };
  file.addEventListener("change", () => take(file.files[0]));
  model.addEventListener("change", () => take(last));
  for (const name of ["dragover", "dragleave", "drop"]) {
    addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop") take(event.dataTransfer.files[0]);
    });
  }
  addEventListener("paste", (event) => take(event.clipboardData.files[0]));
}
`;
