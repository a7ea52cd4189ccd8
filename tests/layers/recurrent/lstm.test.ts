import { describeRecurrent } from "../../support/recurrent.ts";

describeRecurrent("LSTM", 2);
