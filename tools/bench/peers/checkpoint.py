"""Reads a compressed Filigree checkpoint into dense torch tensors, with numpy and the standard library alone."""
import json
import os

import numpy
import torch

DTYPES = {"F32": numpy.float32, "U16": numpy.uint16, "I32": numpy.int32, "U8": numpy.uint8, "U32": numpy.uint32}


def read_config(directory):
    with open(os.path.join(directory, "config.json")) as file:
        return json.load(file)


def read_parameters(directory, config):
    """Every parameter by OpenAI's name; matrices are (out, in)."""
    with open(os.path.join(directory, "model.safetensors"), "rb") as file:
        content = file.read()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    stored = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = content[8 + length + begin : 8 + length + end]
        stored[name] = numpy.frombuffer(raw, DTYPES[entry["dtype"]]).reshape(entry["shape"])
    parameters = {}
    for name, values in stored.items():
        if name.endswith(".values") and name[:-7] + ".counts" in stored:
            name = name[:-7]
            parameters[name] = torch.from_numpy(expand(stored, name, columns_of(name, config)))
        elif not name.endswith((".counts", ".columns")):
            parameters[name] = torch.from_numpy(values.copy())
    return parameters


def expand(stored, name, columns):
    counts = stored[name + ".counts"].astype(numpy.int64)
    matrix = numpy.zeros((counts.size, columns), numpy.float32)
    rows = numpy.repeat(numpy.arange(counts.size), counts)
    matrix[rows, stored[name + ".columns"].astype(numpy.int64)] = stored[name + ".values"]
    return matrix


def columns_of(name, config):
    model, positions = config["d_model"], config.get("d_pos_emb") or 0
    if name == "bigram_table":
        return config["out_size"]
    if name.endswith("attn.c_proj.weight"):
        return config["n_head"] * config["d_head"]
    if name.endswith("mlp.c_proj.weight"):
        return config["d_mlp"]
    return model + positions if name.endswith(("c_attn.weight", "c_fc.weight")) else model
