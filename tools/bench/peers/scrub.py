"""Times swaps as whole forward passes in PyTorch: python3 scrub.py DIRECTORY SWAPS.json [--threads 1 2]

SWAPS.json: {"examples": {index: [ids…]}, "swaps": [{reference, position, answers, writes: [{site, channels, position,
donor, from, receiver}], after}]}. A write takes what its donor's own run shows at a token; with a receiver, that row
of the heads alone sees it. Values are looked up before the clock runs.
"""
import argparse
import json
from collections import defaultdict

import torch
from checkpoint import read_config, read_parameters
from model import Model
from timing import add_options, serve

BATCHES = [16, 32, 64, 128, 256]

parser = argparse.ArgumentParser()
parser.add_argument("directory")
parser.add_argument("swaps")
add_options(parser)
options = parser.parse_args()
config = read_config(options.directory)
model = Model(config, read_parameters(options.directory, config))
with open(options.swaps) as file:
    given = json.load(file)
examples = {int(index): ids for index, ids in given["examples"].items()}
# Swaps of one length lie together, so that little is filled up.
swaps = sorted(given["swaps"], key=lambda swap: len(examples[swap["reference"]]))


def hook(site):
    return site if site == "embed" else "transformer.h." + site


def padded(rows):
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows])


def record(sites):
    """What each example shows at the sites: {(site, example): [tokens, channels]}."""
    shown = {}
    for index, ids in examples.items():

        def edit(name, x):
            if name in sites:
                shown[name, index] = x[0].clone()
            return x

        model(torch.tensor([ids]), edit)
    return shown


with torch.no_grad():
    shown = record({hook(write["site"]) for swap in swaps for write in swap["writes"]})


def prepare(batch):
    """The tokens of a batch of swaps, where they are read, and what is put where."""
    groups = defaultdict(list)
    for row, swap in enumerate(batch):
        for write in swap["writes"]:
            channels = write["channels"] if write["channels"] == "all" else tuple(write["channels"])
            groups[hook(write["site"]), channels, write.get("receiver") is not None].append((row, write))
    edits, received = defaultdict(list), defaultdict(list)
    for (name, channels, path), writes in groups.items():
        values = torch.stack([shown[name, write["donor"]][write["from"]] for _, write in writes])
        chosen = torch.arange(values.shape[1]) if channels == "all" else torch.tensor(channels)
        rows = torch.tensor([row for row, _ in writes])
        tokens = torch.tensor([write["position"] for _, write in writes])
        place = (rows[:, None], tokens[:, None], chosen[None, :], values[:, chosen])
        if path:
            receivers = torch.tensor([write["receiver"] for _, write in writes])
            received[name].append((*place, receivers))
        else:
            edits[name].append(place)
    ids = padded([examples[swap["reference"]] for swap in batch])
    return ids, torch.tensor([swap["position"] for swap in batch]), edits, received


def run(ids, readout, edits, received):
    def edit(name, x):
        for rows, tokens, channels, values in edits.get(name, ()):
            x = x.clone()
            x[rows, tokens, channels] = values
        return x

    def receive(name, weights, v, mixed):
        """One row of each sequence mixes other values. v and mixed: [batch, tokens, channels]."""
        batch, heads, tokens, _ = weights.shape
        for rows, senders, channels, values, receivers in received.get(name, ()):
            sent = v.clone()
            sent[rows, senders, channels] = values
            own = rows[:, 0]
            split = sent[own].view(len(own), tokens, heads, -1).transpose(1, 2)
            one = weights[own, :, receivers][:, :, None] @ split
            mixed = mixed.clone()
            mixed[own, receivers] = one.transpose(1, 2).reshape(len(own), -1)
        return mixed

    return model(ids, edit, receive, readout)


def batches(size):
    return [prepare(swaps[start : start + size]) for start in range(0, len(swaps), size)]


def agreement():
    """The largest difference from the answers that the trace gives."""
    worst = 0
    for batch in (swaps[start : start + 64] for start in range(0, len(swaps), 64)):
        logits = run(*prepare(batch))
        for row, swap in enumerate(batch):
            values = logits[row, swap["answers"]]
            worst = max(worst, (values - values.mean() - torch.tensor(swap["after"])).abs().max().item())
    return worst


with torch.no_grad():
    prepared = {size: batches(size) for size in BATCHES if size <= len(swaps)}
    facts = {"version": torch.__version__, "swaps": len(swaps), "agreement": agreement()}

    def work_of(size):
        def work():
            with torch.no_grad():
                for batch in prepared[size]:
                    run(*batch)

        return work

    serve(options, {size: work_of(size) for size in prepared}, facts)
