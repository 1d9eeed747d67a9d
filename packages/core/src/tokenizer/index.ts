export { parseTokenizer } from "./parse-tokenizer.ts";
export type { Tokenizer } from "./tokenizer.ts";
export { END_OF_TEXT, trainBpe } from "./train-bpe.ts";
