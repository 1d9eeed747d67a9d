export { END_OF_TEXT } from "./byte-level-file.ts";
export { parseTokenizer } from "./parse-tokenizer.ts";
export type { Tokenizer } from "./tokenizer.ts";
export { trainBpe } from "./train-bpe.ts";
export { tokenizerFromVocabulary } from "./vocabulary-files.ts";
