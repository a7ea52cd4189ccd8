import { describeRecurrent } from "../../support/recurrent.ts";

describeRecurrent("RNN", 1);
