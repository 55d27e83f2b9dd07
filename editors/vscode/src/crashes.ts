/** How often a server that ended by itself is started again: some times, then no more. */

/** Ends within this time of each other count together. */
export const WINDOW_MS = 3 * 60_000;
export const MOST_RESTARTS = 3;
/** One that ends this soon will do so again; it is given less. */
export const AT_ONCE_MS = 5000;
const FIRST_WAIT_MS = 500;

export class Crashes {
  private times: number[] = [];
  private started = 0;

  /** The server runs. */
  begun(now: number): void {
    this.started = now;
  }

  /**
   * It ended by itself. Returns how many milliseconds to wait before it is started again;
   * undefined: it is not.
   */
  ended(now: number): number | undefined {
    this.times = [...this.times.filter((time) => now - time < WINDOW_MS), now];
    const soon = now - this.started < AT_ONCE_MS;
    const most = soon ? MOST_RESTARTS - 1 : MOST_RESTARTS;
    return this.times.length > most ? undefined : FIRST_WAIT_MS * 2 ** (this.times.length - 1);
  }

  /** The user wants it started: what was counts no more. */
  forget(): void {
    this.times = [];
  }
}
