import "uplot/dist/uPlot.min.css";
import "./style/base.css";
import "./style/controls.css";
import "./style/shell.css";
import "./style/charts.css";
import "./style/net.css";
import "./style/pictures.css";
import "./style/texts.css";
import "./style/motion.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { followRuns } from "./state/runs.ts";

followRuns();
const place = document.getElementById("app");
if (place) render(<App />, place);
