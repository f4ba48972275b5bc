#!/usr/bin/env python3
"""Makes tiny deterministic models: any architecture, format and odd shape.

  make_tiny.py tiny.gguf --arch llama --format q4_1
  make_tiny.py tiny.gguf --arch gemma3 --format q4_k --set attn_v=q6_k --tied
  make_tiny.py folder --arch llama --format q8_0 --safetensors bf16

With --safetensors TYPE the output is a Hugging Face folder of the weights that
the GGUF of the same flags decodes to (with f32: exactly these), with Q and K
rows in Hugging Face's order, Gemma's norms without their 1, and config.json,
tokenizer.json and tokenizer_config.json beside them.

Every tensor has a random stream of its own, seeded by --seed and its name, so
neither order nor another tensor changes it. Formats that the `gguf` package
can quantize are quantized by it; for the others random bits are valid blocks,
and only their float16 scales are set so that the weights get a sane spread.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import struct
import sys
import zlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tiny_tokenizer  # noqa: E402

# Where blocks of the formats that `gguf` only decodes keep their float16
# scale and, if any, the float16 scale of what is subtracted.
SCALES = {"q2_k": (80, 82), "q3_k": (108,), "q4_k": (0, 2), "q5_k": (0, 2),
          "q6_k": (208,), "iq2_xxs": (0,), "iq2_xs": (0,), "iq2_s": (0,),
          "iq3_xxs": (0,), "iq3_s": (0,), "iq1_s": (0,), "iq4_nl": (0,),
          "iq4_xs": (0,)}


@dataclasses.dataclass
class Shape:
    """Hyper-parameters. Zero means: what suits architecture and format."""
    arch: str = "llama"
    format: str = "f32"
    overrides: dict = dataclasses.field(default_factory=dict)
    tied: bool = False
    seed: int = 0
    embed: int = 0
    ff: int = 0
    heads: int = 3
    kvHeads: int = 1
    headSize: int = 0
    layers: int = 0
    window: int = 8
    context: int = 256
    eps: float = 1e-6
    ropeBase: float = 0.0
    extraTokens: int = 0  # that no text becomes; of a GGUF file

    def __post_init__(self):
        wide = max(blockSize(f) for f in
                   (self.format, *self.overrides.values())) > 32
        gemma = self.arch == "gemma3"
        self.embed = self.embed or (256 if wide else 96)
        self.ff = self.ff or (512 if wide else 160)
        if wide and not self.headSize:
            self.heads, self.kvHeads = 4, 2
        self.headSize = self.headSize or (64 if wide else 32)
        self.layers = self.layers or (7 if gemma else 2)
        self.ropeBase = self.ropeBase or (1e6 if gemma else 1e4)

    def formatOf(self, name):
        """The format of a linear's weight, by the longest matching name."""
        for part in sorted(self.overrides, key=len, reverse=True):
            if part in name:
                return self.overrides[part]
        return self.format


def typeOf(format):
    try:
        return Type[format.upper()]
    except KeyError:
        raise ValueError(f"unknown format '{format}'") from None


def blockSize(format):
    return gguf.GGML_QUANT_SIZES[typeOf(format)][0]


def stream(shape, name):
    return np.random.default_rng([shape.seed, zlib.crc32(name.encode())])


def randomBlocks(rng, format, rows, cols, std):
    """Random codes and sub-scales under super-scales that give mean 0, std."""
    weights, size = gguf.GGML_QUANT_SIZES[typeOf(format)]
    blocks = rng.integers(0, 256, (rows * cols // weights, size), np.uint8)
    fields = SCALES[format]

    def decode(*scales):
        for at, value in zip(fields, scales):
            blocks[:, at:at + 2] = np.frombuffer(np.float16(value).tobytes(),
                                                 np.uint8)
        return dequantize(blocks, typeOf(format))

    scales = [1.0] + [0.0] * (len(fields) - 1)
    plain = decode(*scales)
    if len(fields) == 2:
        scales[1] = -plain.mean() / decode(0.0, 1.0).mean()
        plain = decode(*scales)
    decode(*(s * std / plain.std() for s in scales))
    return blocks.reshape(rows, -1)


def encode(rng, format, rows, cols, std):
    """Returns (data as the file has it, the float32 weights it stands for)."""
    if cols % blockSize(format):
        raise ValueError(f"format '{format}' needs rows of a multiple of "
                         f"{blockSize(format)}, not {cols}")
    kind = typeOf(format)
    if format in SCALES:
        data = randomBlocks(rng, format, rows, cols, std)
    else:
        weights = (std * rng.standard_normal((rows, cols))).astype(np.float32)
        data = quantize(weights, kind)
    return data, dequantize(data, kind).reshape(rows, cols)


def normWeight(rng, size):
    """1 + w with w a multiple of 1/256: w survives 1 + w - 1 and bfloat16."""
    return (1 + rng.integers(-64, 65, size) / 256).astype(np.float32)


def tensorList(shape, vocab):
    """(name, rows, cols) of every tensor; cols 0 means a norm of `rows`."""
    q, kv = shape.heads * shape.headSize, shape.kvHeads * shape.headSize
    gemma = shape.arch == "gemma3"
    yield "token_embd", vocab, shape.embed
    for layer in range(shape.layers):
        p = f"blk.{layer}."
        yield p + "attn_norm", shape.embed, 0
        yield p + "attn_q", q, shape.embed
        yield p + "attn_k", kv, shape.embed
        yield p + "attn_v", kv, shape.embed
        if gemma:
            yield p + "attn_q_norm", shape.headSize, 0
            yield p + "attn_k_norm", shape.headSize, 0
        yield p + "attn_output", shape.embed, q
        if gemma:
            yield p + "post_attention_norm", shape.embed, 0
        yield p + "ffn_norm", shape.embed, 0
        yield p + "ffn_gate", shape.ff, shape.embed
        yield p + "ffn_up", shape.ff, shape.embed
        yield p + "ffn_down", shape.embed, shape.ff
        if gemma:
            yield p + "post_ffw_norm", shape.embed, 0
    yield "output_norm", shape.embed, 0
    if not shape.tied:
        yield "output", vocab, shape.embed


def makeTensors(shape, vocab):
    """{name: (type, data, float32 weights)}; untied logits spread by some 3."""
    tensors = {}
    for name, rows, cols in tensorList(shape, vocab):
        rng = stream(shape, name)
        if cols == 0:
            w = normWeight(rng, rows)
            tensors[name] = (Type.F32, w, w)
            continue
        format = shape.formatOf(name)
        head = name in ("token_embd", "output")
        data, w = encode(rng, format, rows, cols,
                         (3.0 if head and not shape.tied else 1.0) /
                         np.sqrt(cols))
        tensors[name] = (typeOf(format), data, w)
    return tensors


def vocabularyOf(shape):
    vocabulary = (tiny_tokenizer.sentencePiece() if shape.arch == "gemma3"
                  else tiny_tokenizer.byteLevel())
    vocabulary.tokens += [f"<extra{i}>" for i in range(shape.extraTokens)]
    vocabulary.types += [tiny_tokenizer.NORMAL] * shape.extraTokens
    if vocabulary.scores is not None:
        vocabulary.scores += [-2000.0] * shape.extraTokens
    return vocabulary


def addMetadata(writer, shape, vocabulary):
    writer.add_name(f"tiny {shape.arch} {shape.format}")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.embed)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ff)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kvHeads)
    writer.add_key_length(shape.headSize)
    writer.add_value_length(shape.headSize)
    writer.add_layer_norm_rms_eps(shape.eps)
    writer.add_rope_freq_base(shape.ropeBase)
    if shape.arch == "gemma3":
        writer.add_sliding_window(shape.window)
    else:
        writer.add_rope_dimension_count(shape.headSize)
        writer.add_vocab_size(len(vocabulary.tokens))
    writer.add_tokenizer_model(vocabulary.model)
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    if vocabulary.merges is not None:
        writer.add_token_merges(vocabulary.merges)
    if vocabulary.scores is not None:
        writer.add_token_scores(vocabulary.scores)
    special = vocabulary.special
    writer.add_bos_token_id(special["bos"])
    writer.add_eos_token_id(special["eos"])
    writer.add_unk_token_id(special["unk"])
    writer.add_pad_token_id(special["pad"])
    writer.add_add_bos_token(vocabulary.addBos)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(vocabulary.template)


def makeGguf(path, shape):
    """Writes a GGUF file; returns the float32 weights that it decodes to."""
    vocabulary = vocabularyOf(shape)
    tensors = makeTensors(shape, len(vocabulary.tokens))
    writer = gguf.GGUFWriter(path, shape.arch)
    addMetadata(writer, shape, vocabulary)
    for name, (kind, data, _) in tensors.items():
        raw = None if kind in (Type.F32, Type.F16) else kind
        writer.add_tensor(name + ".weight", data, raw_dtype=raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {name: weights for name, (_, _, weights) in tensors.items()}


def huggingFaceName(name, gemma):
    top = {"token_embd": "model.embed_tokens", "output_norm": "model.norm",
           "output": "lm_head"}
    if name in top:
        return top[name] + ".weight"
    _, layer, part = name.split(".")
    parts = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj",
             "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
             "attn_q_norm": "self_attn.q_norm",
             "attn_k_norm": "self_attn.k_norm",
             "attn_output": "self_attn.o_proj",
             "post_attention_norm": "post_attention_layernorm",
             "ffn_norm": ("pre_feedforward_layernorm" if gemma
                          else "post_attention_layernorm"),
             "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
             "ffn_down": "mlp.down_proj",
             "post_ffw_norm": "post_feedforward_layernorm"}
    return f"model.layers.{layer}.{parts[part]}.weight"


def huggingFaceWeight(name, weights, shape):
    """Undoes what the conversion to GGUF does to Q, K and Gemma's norms."""
    gemma = shape.arch == "gemma3"
    if gemma and name.endswith("norm"):
        return weights - np.float32(1)
    if not gemma and name.endswith(("attn_q", "attn_k")):
        # GGUF has the halves of a head interleaved: row 2i + j is row
        # j * size/2 + i of Hugging Face.
        half = shape.headSize // 2
        w = weights.reshape(-1, half, 2, weights.shape[-1])
        return w.swapaxes(1, 2).reshape(weights.shape)
    return weights


def toBytes(weights, dtype):
    if dtype == "bf16":
        return quantize(weights, Type.BF16).tobytes()
    return weights.astype({"f32": "<f4", "f16": "<f2"}[dtype]).tobytes()


def writeSafetensors(path, tensors, dtype):
    """tensors: {name: float32 array}. Data is 8-byte aligned, in order."""
    header, chunks, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, weights in tensors.items():
        data = toBytes(np.ascontiguousarray(weights), dtype)
        header[name] = {"dtype": dtype.upper(), "shape": list(weights.shape),
                        "data_offsets": [offset, offset + len(data)]}
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def configOf(shape, vocabulary, dtype):
    gemma, special = shape.arch == "gemma3", vocabulary.special
    config = {
        "architectures": ["Gemma3ForCausalLM" if gemma else
                          "LlamaForCausalLM"],
        "model_type": "gemma3_text" if gemma else "llama",
        "hidden_size": shape.embed, "intermediate_size": shape.ff,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kvHeads, "head_dim": shape.headSize,
        "max_position_embeddings": shape.context, "rms_norm_eps": shape.eps,
        "rope_theta": shape.ropeBase, "rope_scaling": None,
        "attention_bias": False, "tie_word_embeddings": shape.tied,
        "vocab_size": len(vocabulary.tokens),
        "bos_token_id": special["bos"], "eos_token_id": special["eos"],
        "pad_token_id": special["pad"],
        "torch_dtype": {"f32": "float32", "f16": "float16",
                        "bf16": "bfloat16"}[dtype]}
    if gemma:
        kinds = ["full_attention" if (i + 1) % 6 == 0 else "sliding_attention"
                 for i in range(shape.layers)]
        return config | {"hidden_activation": "gelu_pytorch_tanh",
                         "query_pre_attn_scalar": shape.headSize,
                         "sliding_window": shape.window,
                         "layer_types": kinds, "rope_local_base_freq": 1e4}
    return config | {"hidden_act": "silu", "mlp_bias": False}


def makeSafetensors(folder, shape, dtype="f32", shards=1):
    """Writes a Hugging Face folder; returns {name: float32 weights}."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, gemma = vocabularyOf(shape), shape.arch == "gemma3"
    tensors = {
        huggingFaceName(name, gemma): huggingFaceWeight(name, w, shape)
        for name, (_, _, w) in makeTensors(shape,
                                           len(vocabulary.tokens)).items()}
    names = list(tensors)
    index = {}
    for s in range(shards):
        file = ("model.safetensors" if shards == 1 else
                f"model-{s + 1:05}-of-{shards:05}.safetensors")
        part = {n: tensors[n] for n in names[s::shards]}
        writeSafetensors(folder / file, part, dtype)
        index |= {n: file for n in part}

    def writeJson(name, value):
        (folder / name).write_text(json.dumps(value, indent=1))

    if shards > 1:
        writeJson("model.safetensors.index.json",
                  {"metadata": {}, "weight_map": index})
    token = lambda key: vocabulary.tokens[vocabulary.special[key]]
    writeJson("config.json", configOf(shape, vocabulary, dtype))
    writeJson("tokenizer.json", vocabulary.hf)
    writeJson("tokenizer_config.json", {
        "add_bos_token": vocabulary.addBos, "bos_token": token("bos"),
        "eos_token": token("eos"), "unk_token": token("unk"),
        "pad_token": token("pad"), "chat_template": vocabulary.template,
        "tokenizer_class": ("GemmaTokenizer" if gemma else "GPT2Tokenizer")})
    return tensors


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("output", help="GGUF file, or folder of safetensors")
    parser.add_argument("--arch", choices=("llama", "gemma3"),
                        default="llama")
    parser.add_argument("--format", default="f32",
                        help="format of every matrix, e.g. q4_1")
    parser.add_argument("--set", action="append", default=[],
                        metavar="NAME=FORMAT",
                        help="format of tensors whose name contains NAME")
    parser.add_argument("--safetensors", choices=("f32", "f16", "bf16"),
                        help="write a Hugging Face folder of this type")
    parser.add_argument("--shards", type=int, default=1,
                        help="safetensors files to write")
    parser.add_argument("--tied", action="store_true",
                        help="no output matrix: the embedding serves")
    parser.add_argument("--seed", type=int, default=0)
    for flag, field in (("embed", "embed"), ("ff", "ff"), ("heads", "heads"),
                        ("kv-heads", "kvHeads"), ("head-size", "headSize"),
                        ("layers", "layers"), ("window", "window"),
                        ("context", "context")):
        parser.add_argument("--" + flag, dest=field, type=int,
                            default=Shape.__dataclass_fields__[field].default)
    args = vars(parser.parse_args())
    output, kind = args.pop("output"), args.pop("safetensors")
    shards, sets = args.pop("shards"), args.pop("set")
    try:
        shape = Shape(**args, overrides=dict(s.split("=", 1) for s in sets))
        if kind:
            makeSafetensors(output, shape, kind, shards)
        else:
            makeGguf(output, shape)
    except (ValueError, OSError) as error:
        sys.exit(f"make_tiny: {error}")


if __name__ == "__main__":
    main()
