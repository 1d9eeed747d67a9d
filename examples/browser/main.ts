import { loadModel, runModel, useBackend, type Model, type Tokenizer } from "@filigree/core";

const text = document.querySelector<HTMLTextAreaElement>("#text")!;
const next = document.querySelector<HTMLOutputElement>("#next")!;

// tfjs's own .wasm files lie beside this script, and the model in another folder of the server.
await useBackend("wasm", { wasmFiles: "dist/" });
const model = await loadModel("../models/python-small");

text.addEventListener("input", show);
show();

function show(): void {
  next.textContent = likeliest(model, model.tokenizer!, text.value)
    .map(({ token, share }) => `${JSON.stringify(token)} ${Math.round(100 * share)} %`)
    .join(", ");
}

/** The five tokens that the model thinks most likely to follow a text, and how likely. */
function likeliest({ config }: Model, tokenizer: Tokenizer, text: string): { token: string; share: number }[] {
  const ids = Int32Array.from(tokenizer.encode(text).slice(-config.blockSize));
  if (ids.length === 0) return [];
  // One row of tokens; only the logits after the last one are wanted.
  const logits = runModel(model, { ids, batch: 1, seq: ids.length }, { readout: Int32Array.of(ids.length - 1) });
  const values = logits.dataSync<"float32">().slice();
  logits.dispose();
  const largest = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return [...weights.keys()]
    .sort((a, b) => weights[b]! - weights[a]!)
    .slice(0, 5)
    .map((id) => ({ token: tokenizer.token(id), share: weights[id]! / sum }));
}
