"""Writes hugging-face.json: what the Rust `tokenizers` crate does with the inputs of the tokenizer tests.

Run with `pip install tokenizers==0.22.2` and the file that `trainBpe` wrote for TEXTS (any vocabulary of it) as the
first argument; only its pre-tokenizer is used.
"""

import json
import pathlib
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).parent
TEXTS = json.loads((HERE / "texts.json").read_text())
PROBES = [
    "\n        raise ValueError(\"file not found\")\n        print('%s is')] + (\"\" '\") x  =  (\"a\"):",
    "def f(x):\r\n\treturn  x  \n\n\n    # caf\u00e9 \u4f60\u597d \U0001f600 e\u0301 12345 1_000 \u00bd",
    "(''')(\"\"\")(\"')('\")((\"a\"))",
    " \t \u00a0\u2003x\u0085y\u2028z\x0b\x0c.",
    "<|endoftext",
    "",
]

given = Tokenizer.from_file(sys.argv[1])
trained = Tokenizer(models.BPE())
trained.pre_tokenizer = given.pre_tokenizer
trainer = trainers.BpeTrainer(
    vocab_size=400,
    min_frequency=0,
    special_tokens=["<|endoftext|>"],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
trained.train_from_iterator(TEXTS, trainer)
model = json.loads(trained.to_str())["model"]
golden = {
    "by": "tokenizers 0.22.2 (Rust)",
    "vocabulary": sorted(model["vocab"], key=model["vocab"].get),
    "merges": model["merges"],
    "encoded": [{"text": text, "ids": trained.encode(text).ids} for text in PROBES],
}
(HERE / "hugging-face.json").write_text(json.dumps(golden) + "\n")
