"""Times a step of learning a mask in PyTorch: a gate at each node, mean ablation, the two-way loss, AdamW."""
import argparse
import json

import torch
import torch.nn.functional as F
from checkpoint import read_config, read_parameters
from model import Model
from timing import add_options, serve

parser = argparse.ArgumentParser()
parser.add_argument("directory")
parser.add_argument("tokens")
add_options(parser)
options = parser.parse_args()
config = read_config(options.directory)
model = Model(config, read_parameters(options.directory, config))
with open(options.tokens) as file:
    ids = torch.tensor(json.load(file))
answers = torch.arange(len(ids)) % 2

d, hidden = config["d_model"], config["d_mlp"]
widths = {"attn.act_in": d, "attn.q": d, "attn.k": d, "attn.v": d, "attn.resid_delta": d}
widths |= {"mlp.act_in": d, "mlp.post_act": hidden, "mlp.resid_delta": d}
tau, mean = {}, {}
torch.manual_seed(0)
for layer in range(config["n_layer"]):
    for site, width in widths.items():
        tau[f"transformer.h.{layer}.{site}"] = (0.1 + 0.01 * torch.randn(width)).requires_grad_()
        mean[f"transformer.h.{layer}.{site}"] = torch.zeros(width)
adam = torch.optim.AdamW(tau.values(), lr=3e-3, betas=(0.9, 0.95), weight_decay=1e-3)


class Gate(torch.autograd.Function):
    """Heaviside forward, the derivative of a sigmoid backward."""

    @staticmethod
    def forward(context, tau):
        context.save_for_backward(tau)
        return (tau > 0).float()

    @staticmethod
    def backward(context, gradient):
        (tau,) = context.saved_tensors
        sigmoid = torch.sigmoid(tau)
        return gradient * sigmoid * (1 - sigmoid)


def step():
    gates = {name: Gate.apply(value) for name, value in tau.items()}
    ablate = lambda name, x: x * gates[name] + mean[name] * (1 - gates[name]) if name in gates else x
    logits = model(ids, ablate)[:, -1, :2]
    loss = F.cross_entropy(logits, answers) + 1e-4 * sum(gate.sum() for gate in gates.values())
    adam.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(tau.values()), 1.0)
    adam.step()
    with torch.no_grad():
        for value in tau.values():
            value.clamp_(-1, 1)


serve(options, step, {"version": torch.__version__})
