"""Times a sparse training step in PyTorch: forward, backward, Adam, the largest weights of each matrix kept."""
import argparse
import math

import torch
import torch.nn.functional as F
from model import Model
from timing import add_options, serve

parser = argparse.ArgumentParser()
for name, default in (("d-model", 256), ("layers", 4), ("context", 128), ("batch", 16), ("vocab", 1024)):
    parser.add_argument("--" + name, type=int, default=default)
parser.add_argument("--density", type=float, default=0.05)
add_options(parser)
options = parser.parse_args()

d, vocab, context = options.d_model, options.vocab, options.context
config = {"n_layer": options.layers, "n_head": d // 16, "d_head": 16, "afrac": 0.25, "positions": "added"}
torch.manual_seed(0)
trained = {"transformer.ln_f.weight": torch.ones(d)}


def matrix(name, rows, columns):
    trained[name] = torch.randn(rows, columns) / math.sqrt(columns)


matrix("transformer.wte.weight", vocab, d)
matrix("lm_head.weight", vocab, d)
trained["transformer.wpe.weight"] = torch.randn(context, d)
for i in range(options.layers):
    layer = f"transformer.h.{i}"
    for part, rows, columns in (
        ("attn.c_attn", 3 * d, d),
        ("attn.c_proj", d, d),
        ("mlp.c_fc", 4 * d, d),
        ("mlp.c_proj", d, 4 * d),
    ):
        matrix(f"{layer}.{part}.weight", rows, columns)
        trained[f"{layer}.{part}.bias"] = torch.zeros(rows)
    for norm in ("ln_1", "ln_2"):
        trained[f"{layer}.{norm}.weight"] = torch.ones(d)
    trained[f"{layer}.attn.attn_imp.sink_logit"] = torch.zeros(d // 16)
for value in trained.values():
    value.requires_grad_()
sparse = [value for name, value in trained.items() if value.dim() == 2 and name != "transformer.wpe.weight"]
count = sum(value.numel() for value in trained.values())
model = Model(config, {**trained, "bigram_table": 0.02 * torch.rand(vocab, vocab)})
adam = torch.optim.Adam(trained.values(), lr=1e-3, betas=(0.9, 0.95), eps=0.1)


def step():
    ids = torch.randint(vocab, (options.batch, context + 1))
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    adam.zero_grad()
    loss.backward()
    with torch.no_grad():
        scale = (sum(value.grad.square().sum() for value in trained.values()) / count).sqrt() + 1e-5
        for value in trained.values():
            value.grad.div_(scale)
        adam.step()
        for weights in sparse:
            kept = max(1, int(options.density * weights.numel()))
            sizes = weights.abs()
            weights.mul_(sizes >= sizes.flatten().kthvalue(weights.numel() - kept + 1).values)


serve(options, step, {"version": torch.__version__})
