"""Times the PyTorch forward pass of a checkpoint: python3 forward.py DIRECTORY TOKENS.json [--rows N] [--threads 1 2]"""
import argparse
import json

import torch
from checkpoint import read_config, read_parameters
from model import Model
from timing import add_options, serve

parser = argparse.ArgumentParser()
parser.add_argument("directory")
parser.add_argument("tokens")
parser.add_argument("--rows", type=int, help="only so many rows of the tokens")
add_options(parser)
options = parser.parse_args()
config = read_config(options.directory)
model = Model(config, read_parameters(options.directory, config))
with open(options.tokens) as file:
    ids = torch.tensor(json.load(file)[: options.rows])
with torch.no_grad():
    last = model(ids)[-1, -1].tolist()
    serve(options, lambda: model(ids), {"last": last, "version": torch.__version__})
