"""The published architecture in PyTorch, as it is usually written: dense matrices, [batch, tokens, channels]."""
import math

import torch
import torch.nn.functional as F


def keep_largest(x, share):
    """AbsTopK: the given share of the last axis by magnitude, the rest zero."""
    count = int(share * x.shape[-1])
    chosen = x.detach().abs().topk(count, dim=-1, sorted=False).indices
    return torch.zeros_like(x).scatter(-1, chosen, x.gather(-1, chosen))


def rms_norm(x, gain):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + torch.finfo(x.dtype).eps) * gain


class Model:
    def __init__(self, config, parameters):
        self.config, self.p = config, parameters

    def linear(self, x, name):
        return F.linear(x, self.p[name + ".weight"], self.p.get(name + ".bias"))

    def attend(self, x, layer, mask, edit, receive):
        """x: channels that attention reads. Returns what it writes, before selection."""
        config, batch, tokens = self.config, x.shape[0], x.shape[1]
        heads, width = config["n_head"], config["d_head"]
        q, k, v = self.linear(x, layer + ".attn.c_attn").chunk(3, -1)
        q, k, v = (edit(f"{layer}.attn.{n}", keep_largest(t, config["afrac"])) for n, t in zip("qkv", (q, k, v)))
        values = v
        q, k, v = (t.view(batch, tokens, heads, width).transpose(1, 2) for t in (q, k, v))
        scores = q @ k.transpose(-1, -2) / math.sqrt(width) + mask
        sinks = self.p[layer + ".attn.attn_imp.sink_logit"].view(1, heads, 1, 1).expand(batch, heads, tokens, 1)
        weights = torch.cat([sinks, scores], -1).softmax(-1)[..., 1:]
        mixed = (weights @ v).transpose(1, 2).reshape(batch, tokens, heads * width)
        if receive is not None:
            mixed = receive(layer + ".attn.v", weights, values, mixed)
        return self.linear(edit(layer + ".attn.y", mixed), layer + ".attn.c_proj")

    def __call__(self, ids, edit=lambda name, x: x, receive=None, readout=None):
        """Logits [batch, tokens, outputs] of token ids [batch, tokens]; [batch, outputs] at the tokens of `readout`.

        `edit` sees the embedding, the sites of nodes and the heads' mix; `receive` may change the mix of rows.
        """
        config, p, share = self.config, self.p, self.config["afrac"]
        batch, tokens = ids.shape
        positions = p["transformer.wpe.weight"][:tokens] if config["positions"] != "none" else None
        beside = config["positions"] == "concatenated"
        mask = torch.full((tokens, tokens), -math.inf).triu(1)

        def read(x, layer, number):
            x = rms_norm(x, p[f"{layer}.ln_{number}.weight"])
            if beside:
                place = rms_norm(positions, p[f"{layer}.ln_p{number}.weight"])
                x = torch.cat([x, place.expand(batch, -1, -1)], -1)
            return keep_largest(x, share)

        x = p["transformer.wte.weight"][ids]
        if positions is not None and not beside:
            x = x + positions
        x = edit("embed", x)
        for i in range(config["n_layer"]):
            layer = f"transformer.h.{i}"
            attention_in = edit(f"{layer}.attn.act_in", read(x, layer, 1))
            attention_out = keep_largest(self.attend(attention_in, layer, mask, edit, receive), share)
            x = x + edit(f"{layer}.attn.resid_delta", attention_out)
            mlp_in = edit(f"{layer}.mlp.act_in", read(x, layer, 2))
            neurons = keep_largest(F.gelu(self.linear(mlp_in, layer + ".mlp.c_fc")), share)
            neurons = edit(f"{layer}.mlp.post_act", neurons)
            x = x + edit(f"{layer}.mlp.resid_delta", keep_largest(self.linear(neurons, layer + ".mlp.c_proj"), share))
        if readout is not None:
            rows = torch.arange(batch)
            x, ids = x[rows, readout], ids[rows, readout]
        logits = F.linear(rms_norm(x, p["transformer.ln_f.weight"]), p["lm_head.weight"])
        if "final_logits_bias" in p:
            logits = logits + p["final_logits_bias"]
        return logits + F.embedding(ids, p["bigram_table"])
