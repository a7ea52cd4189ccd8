/** Whether something that all ranks do together is done, after so many milliseconds at most. */
export type Job = (milliseconds: number) => boolean;
