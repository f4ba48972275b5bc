"""Float32 forward pass of GGUF models in numpy.

Weights are dequantized by the `gguf` package, everything else is float32. It
is written from the models' papers, shares no code with the compiler, and is
meant to be read: one function for each part of a layer, shapes in comments.
A sequence is computed BLOCK positions at a time against caches of its keys
and values, so that memory grows with the context and not with its square.
"""
import math
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

BLOCK = 512  # positions of one forward step


def fail(message):
    sys.exit(f"reference: {message}")


class Model:
    """Hyper-parameters and dequantized weights of a GGUF file."""

    def __init__(self, path):
        reader = GGUFReader(path)
        self.meta = {k: f for k, f in reader.fields.items()}
        self.tensors = {t.name: t for t in reader.tensors}
        self.used = set()
        self.arch = self.key("general.architecture", scoped=False)
        if self.arch not in ("llama", "gemma3"):
            fail(f"{path}: no reference for architecture '{self.arch}'")
        self.layers = self.key("block_count")
        self.embed = self.key("embedding_length")
        self.heads = self.key("attention.head_count")
        self.kvHeads = self.key("attention.head_count_kv", self.heads)
        self.headSize = self.key("attention.key_length",
                                 self.embed // self.heads)
        self.valueSize = self.key("attention.value_length", self.headSize)
        self.eps = self.key("attention.layer_norm_rms_epsilon")
        self.ropeDims = self.key("rope.dimension_count", self.headSize)
        self.ropeBase = self.key("rope.freq_base", 10000.0)
        self.ropeFactor = self.key("rope.scaling.factor", 1.0)
        self.window = self.key("attention.sliding_window", 0)
        self.gemma = self.arch == "gemma3"
        self.weights = {}
        self.loadAll()
        self.vocab = self.weights["token_embd.weight"].shape[0]

    def key(self, name, default=None, scoped=True):
        field = self.meta.get(f"{self.arch}.{name}" if scoped else name)
        if field is not None:
            return field.contents()
        if default is None:
            fail(f"missing key '{name}'")
        return default

    def loadAll(self):
        """Dequantizes every tensor, on two threads: numpy drops the lock."""
        def load(tensor):
            flat = dequantize(tensor.data, tensor.tensor_type)
            shape = tuple(int(n) for n in reversed(tensor.shape))
            return np.ascontiguousarray(flat.reshape(shape), np.float32)
        with ThreadPoolExecutor(2) as pool:
            loaded = pool.map(load, self.tensors.values())
            self.weights = dict(zip(self.tensors, loaded))

    def weight(self, name, optional=False):
        if name not in self.weights:
            if optional:
                return None
            fail(f"missing tensor '{name}'")
        self.used.add(name)
        return self.weights[name]

    def output(self):
        tied = self.weight("token_embd.weight")
        other = self.weight("output.weight", optional=True)
        return tied if other is None else other

    def checkUsed(self):
        unused = sorted(set(self.weights) - self.used - {"output.weight"})
        if unused:
            fail(f"tensor '{unused[0]}' is not used by '{self.arch}'")

    def addsBos(self):
        kind = self.key("tokenizer.ggml.model", "", scoped=False)
        pre = self.key("tokenizer.ggml.pre", "", scoped=False)
        default = kind == "llama" or pre in ("llama3", "llama-bpe")
        return bool(self.key("tokenizer.ggml.add_bos_token", default,
                             scoped=False))

    def isSliding(self, layer):
        """Gemma 3: five layers with a window, then one without."""
        return self.gemma and self.window > 0 and (layer + 1) % 6 != 0


def rmsNorm(x, weight, eps):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + eps) * weight


def silu(x):
    return x / (1.0 + np.exp(-x))


def geluTanh(x):
    return 0.5 * x * (1.0 + np.tanh(np.float32(math.sqrt(2.0 / math.pi)) *
                                    (x + np.float32(0.044715) * x * x * x)))


def ropeTable(model, layer, positions):
    """cos and sin, [positions, dims/2], of the angles position * base^-2i/d."""
    base, factor = model.ropeBase, model.ropeFactor
    if model.isSliding(layer):
        base, factor = model.key("rope.freq_base_swa", 10000.0), 1.0
    i = np.arange(model.ropeDims // 2, dtype=np.float64)
    freq = base ** (-2.0 * i / model.ropeDims) / factor
    scales = model.weight("rope_freqs.weight", optional=True)
    if scales is not None:
        freq = freq / scales
    angle = positions[:, None] * freq[None, :]
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def rope(x, table, interleaved):
    """Rotates x [rows, heads, size]. GGUF stores the Q and K rows of `llama`
    so that a pair is (2i, 2i+1); elsewhere it is (i, i + dims/2)."""
    cos, sin = (t[:, None, :] for t in table)
    half = cos.shape[-1]
    first = np.s_[..., 0:2 * half:2] if interleaved else np.s_[..., :half]
    second = (np.s_[..., 1:2 * half:2] if interleaved
              else np.s_[..., half:2 * half])
    out = x.copy()
    out[first] = x[first] * cos - x[second] * sin
    out[second] = x[first] * sin + x[second] * cos
    return out


def attend(q, keys, values, begin, window, scale):
    """q [rows, heads, size] at positions begin.., keys and values
    [kvHeads, length, size] from position 0 to the last row's own."""
    rows, heads, size = q.shape
    kvHeads, length, _ = keys.shape
    group = heads // kvHeads
    low = max(0, begin - window + 1) if window else 0
    keys, values = keys[:, low:], values[:, low:]
    row = np.arange(begin, begin + rows)[:, None]
    col = np.arange(low, length)[None, :]
    hidden = col > row
    if window:
        hidden |= col <= row - window
    q = q.reshape(rows, kvHeads, group, size).transpose(1, 2, 0, 3)
    out = np.empty((rows, heads, values.shape[-1]), np.float32)
    for h in range(kvHeads):
        s = (q[h].reshape(group * rows, size) @ keys[h].T) * np.float32(scale)
        s = s.reshape(group, rows, -1)
        s[:, hidden] = -np.inf
        s = np.exp(s - s.max(-1, keepdims=True))
        s /= s.sum(-1, keepdims=True)
        o = s.reshape(group * rows, -1) @ values[h]
        out[:, h * group:(h + 1) * group] = o.reshape(group, rows,
                                                      -1).transpose(1, 0, 2)
    return out.reshape(rows, -1)


def attention(model, layer, x, begin, cache):
    """Self-attention of rows at positions begin.. with that layer's cache."""
    rows, prefix = x.shape[0], f"blk.{layer}."
    w = lambda n: model.weight(prefix + n + ".weight")
    q = (x @ w("attn_q").T).reshape(rows, model.heads, model.headSize)
    k = (x @ w("attn_k").T).reshape(rows, model.kvHeads, model.headSize)
    v = (x @ w("attn_v").T).reshape(rows, model.kvHeads, model.valueSize)
    if model.gemma:
        q = rmsNorm(q, w("attn_q_norm"), model.eps)
        k = rmsNorm(k, w("attn_k_norm"), model.eps)
    table = ropeTable(model, layer, np.arange(begin, begin + rows))
    q = rope(q, table, interleaved=not model.gemma)
    k = rope(k, table, interleaved=not model.gemma)
    end = begin + rows
    cache[0][:, begin:end] = k.transpose(1, 0, 2)
    cache[1][:, begin:end] = v.transpose(1, 0, 2)
    out = attend(q, cache[0][:, :end], cache[1][:, :end], begin,
                 model.window if model.isSliding(layer) else 0,
                 1.0 / math.sqrt(model.headSize))
    return out @ w("attn_output").T


def feedForward(model, layer, x):
    w = lambda n: model.weight(f"blk.{layer}.{n}.weight")
    act = geluTanh if model.gemma else silu
    return (act(x @ w("ffn_gate").T) * (x @ w("ffn_up").T)) @ w("ffn_down").T


def hiddenStates(model, ids):
    """Final normed hidden states [len(ids), embed] of one sequence."""
    norm = lambda n, x: rmsNorm(x, model.weight(n + ".weight"), model.eps)
    length = len(ids)
    caches = [(np.empty((model.kvHeads, length, model.headSize), np.float32),
               np.empty((model.kvHeads, length, model.valueSize), np.float32))
              for _ in range(model.layers)]
    out = np.empty((length, model.embed), np.float32)
    for begin in range(0, length, BLOCK):
        x = model.weight("token_embd.weight")[ids[begin:begin + BLOCK]]
        if model.gemma:
            x = x * np.float32(math.sqrt(model.embed))
        for layer in range(model.layers):
            p = f"blk.{layer}."
            a = attention(model, layer, norm(p + "attn_norm", x), begin,
                          caches[layer])
            x = x + (norm(p + "post_attention_norm", a) if model.gemma else a)
            f = feedForward(model, layer, norm(p + "ffn_norm", x))
            x = x + (norm(p + "post_ffw_norm", f) if model.gemma else f)
        out[begin:begin + BLOCK] = norm("output_norm", x)
    model.checkUsed()
    return out
