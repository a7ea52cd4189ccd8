import "uplot/dist/uPlot.min.css";
import "../../../dashboard/src/style/base.css";
import "../../../dashboard/src/style/controls.css";
import "../../../dashboard/src/style/shell.css";
import "../../../dashboard/src/style/charts.css";
import "../../../dashboard/src/style/pictures.css";
import "../../../dashboard/src/style/texts.css";
import "./style.css";
import "../../../dashboard/src/style/motion.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { begin } from "./state/session.ts";

const place = document.getElementById("app");
if (place) render(<App />, place);
await begin();
