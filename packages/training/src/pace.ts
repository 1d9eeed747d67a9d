/** How fast a run is, smoothed over the last steps. */
export class Pace {
  #step: number | undefined;
  #pause = 0;

  /** A step took so long, in seconds. */
  addStep(seconds: number): void {
    this.#step = this.#step === undefined ? seconds : 0.95 * this.#step + 0.05 * seconds;
  }

  /** A measurement between two steps took so long. */
  addPause(seconds: number): void {
    this.#pause = seconds;
  }

  /** Steps a second, without the pauses. */
  get stepsPerSecond(): number {
    return 1 / (this.#step ?? Infinity);
  }

  /** Seconds that some steps and pauses will take. */
  left(steps: number, pauses: number): number {
    return steps * (this.#step ?? 0) + pauses * this.#pause;
  }
}
