/** How a piece of work reports, and how it is stopped. */
export interface PieceWatch<News> {
  onNews(news: News): void;
  /** Work in this thread stops when it fires; a thread of its own is simply ended. */
  readonly signal?: AbortSignal;
}

/**
 * Does pieces of independent work, one after the other, and keeps what they share: a loaded model, say. Each thread has
 * one. A piece's output depends on its input alone, never on the pieces before it. Inputs, outputs and news are plain
 * data: they go from thread to thread.
 */
export interface Workbench<Input, Output, News> {
  do(input: Input, watch: PieceWatch<News>): Promise<Output>;
  /** Memory of an output that may be handed over in place of copied. */
  buffersOf?(output: Output): ArrayBuffer[];
  close(): void;
}
