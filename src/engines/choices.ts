/** What was found fastest on one machine or GPU: names of ways to compute something by what they are for. */
export type Choices = Record<string, string>;

/** Where choices are kept between runs. */
export interface ChoiceStore {
  read(): Choices;
  /** Adds new ones, which may be written a little later. */
  write(choices: Choices): void;
}
