#!/usr/bin/env python3
"""Float32 reference of a GGUF model in numpy, and the judge of any other run.

Weights are dequantized by the `gguf` package and everything else is float32,
so that what differs from these logits is the arithmetic of the candidate and
nothing that the model file already lost (float_model.py is the forward pass).

Perplexity follows the usual convention for GGUF models. The ids of one text
are cut in chunks of --ctx, a partial chunk is dropped, the first token of each
chunk is *replaced* by BOS where the model adds one, and position i scores
token i + 1 for i = ctx/2 .. ctx-2: 255 of 512. The ids are taken as they are:
where the model adds BOS, a tokenizer run on the whole text puts one in front,
and it should be there.

  reference.py model.gguf --ids text.ids                      perplexity
  reference.py model.gguf --ids text.ids --compare rows.f32   KL divergence

--compare reads float32 logits, one row of the vocabulary for each scored
position in text order, from a file or a named pipe, and prints JSON. With
--positions all the ids are one sequence, nothing is replaced, and every
position has a row (the last one is compared, but scores no token): that form
is for tiny models.

What --cache keeps is the final hidden state of every scored row and not the
logits: for a vocabulary of 262,144 that is 51 MB instead of 21 GB, and the
product with the output matrix takes less time than reading those.

Speed comes from BLAS. OPENBLAS_CORETYPE in the environment, where set, can
slow it down several times; OPENBLAS_NUM_THREADS picks the threads.
"""
import argparse
import hashlib
import json
import math
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import float_model
from float_model import Model, fail, hiddenStates

ROWS = 32  # logits rows that exist at a time


def chunksOf(model, ids, args):
    """Yields (ids, scored slice, targets); a target of -1 scores nothing."""
    if args.positions == "all":
        yield ids, slice(0, len(ids)), np.append(ids[1:], -1)
        return
    ctx = args.ctx
    count = len(ids) // ctx
    if args.tokens:
        count = min(count, math.ceil(args.tokens / (ctx - 1 - ctx // 2)))
    if count == 0:
        fail(f"{args.ids}: {len(ids)} ids are less than one chunk of {ctx}")
    bos = (model.key("tokenizer.ggml.bos_token_id", scoped=False)
           if model.addsBos() else None)
    for c in range(count):
        chunk = ids[c * ctx:(c + 1) * ctx].copy()
        targets = chunk[ctx // 2 + 1:].copy()
        if bos is not None:
            chunk[0] = bos
        yield chunk, slice(ctx // 2, ctx - 1), targets


def digest(args):
    """Names a cache entry after all that decides its content."""
    h = hashlib.sha256()
    for path in (args.model, args.ids, float_model.__file__):
        with open(path, "rb") as f:
            h.update(hashlib.file_digest(f, "sha256").digest())
    h.update(f"{args.ctx} {args.positions}".encode())
    return h.hexdigest()[:24]


class States:
    """Hidden states chunk by chunk, kept in the cache folder if there is one.
    """

    def __init__(self, model, args):
        self.model, self.folder = model, None
        if args.cache:
            self.folder = os.path.join(args.cache, digest(args))
            os.makedirs(self.folder, exist_ok=True)

    def get(self, number, ids, rows):
        path = self.folder and os.path.join(self.folder, f"{number}.npy")
        if path and os.path.exists(path):
            return np.load(path)
        state = hiddenStates(self.model, ids)[rows]
        if path:
            with open(path + ".part", "wb") as f:
                np.save(f, state)
            os.replace(path + ".part", path)
        return state


def logSoftmax(logits):
    """In place; the sum is double, since its terms span many magnitudes."""
    logits -= logits.max(-1, keepdims=True)
    total = np.exp(logits).sum(-1, dtype=np.float64, keepdims=True)
    logits -= np.log(total).astype(np.float32)
    return logits


def readRows(stream, rows, vocab):
    """Exactly rows x vocab floats; a pipe gives them in pieces."""
    data = np.empty((rows, vocab), np.float32)
    view, got = memoryview(data).cast("B"), 0
    while got < len(view):
        n = stream.readinto(view[got:])
        if not n:
            fail(f"candidate ends {len(view) - got} bytes before its last row")
        got += n
    return data


def judge(ref, cand, targets):
    """Statistics of a block of rows; both arguments are overwritten."""
    top = None if cand is None else ref.argmax(-1) == cand.argmax(-1)
    ref = logSoftmax(ref)
    scored = np.flatnonzero(targets >= 0)
    stats = {"nll": -ref[scored, targets[scored]].astype(np.float64)}
    if cand is not None:
        if not np.isfinite(cand).all():
            fail("candidate has a logit that is not finite")
        cand = logSoftmax(cand)
        stats["candidate"] = -cand[scored,
                                   targets[scored]].astype(np.float64)
        np.subtract(ref, cand, out=cand)
        cand *= np.exp(ref)
        stats["kl"] = cand.sum(-1, dtype=np.float64)
        stats["top"] = top
    return stats


def evaluate(model, ids, args):
    """Runs all chunks; returns per-row statistics, concatenated."""
    stream = open(args.compare, "rb", buffering=0) if args.compare else None
    dump = open(args.dump, "wb") if args.dump else None
    states, output, parts = States(model, args), model.output(), []
    pool, pending = ThreadPoolExecutor(1), None
    for number, (chunk, rows, targets) in enumerate(chunksOf(model, ids, args)):
        hidden = states.get(number, chunk, rows)
        for begin in range(0, len(hidden), ROWS):
            ref = hidden[begin:begin + ROWS] @ output.T
            if dump:
                dump.write(ref.tobytes())
            cand = readRows(stream, *ref.shape) if stream else None
            if pending:
                parts.append(pending.result())
            pending = pool.submit(judge, ref, cand,
                                  targets[begin:begin + ROWS])
        if args.verbose:
            print(f"chunk {number + 1}", file=sys.stderr, flush=True)
    parts.append(pending.result())
    if stream and stream.read(1):
        fail("candidate has more rows than there are scored positions")
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


def summary(stats):
    nll, n = stats["nll"], len(stats["nll"])
    error = lambda v: float(v.std(ddof=1) / math.sqrt(len(v))) if n > 1 else 0.0
    out = {"tokens": n, "nll": float(nll.mean()), "nll_se": error(nll),
           "perplexity": float(np.exp(nll.mean()))}
    if "kl" not in stats:
        return out
    diff, kl = stats["candidate"] - nll, stats["kl"]
    out |= {"candidate_nll": float(stats["candidate"].mean()),
            "candidate_perplexity": float(np.exp(stats["candidate"].mean())),
            "nll_difference": float(diff.mean()),
            "nll_difference_se": error(diff),
            "perplexity_ratio": float(np.exp(diff.mean())),
            "rows": len(kl), "mean_kl": float(kl.mean()),
            "mean_kl_se": error(kl), "max_kl": float(kl.max()),
            "p99_kl": float(np.quantile(kl, 0.99)),
            "top1_agreement": float(stats["top"].mean())}
    return out


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", help="GGUF file (llama or gemma3)")
    parser.add_argument("--ids", required=True,
                        help="file of token ids separated by white space")
    parser.add_argument("--ctx", type=int, default=512,
                        help="tokens of a chunk (default: %(default)s)")
    parser.add_argument("--tokens", type=int,
                        help="scored tokens, rounded up to whole chunks "
                             "(default: all)")
    parser.add_argument("--positions", choices=("scored", "all"),
                        default="scored", help="see above")
    parser.add_argument("--compare", metavar="FILE",
                        help="float32 logits rows of a candidate")
    parser.add_argument("--dump", metavar="FILE",
                        help="write the reference's logits rows")
    parser.add_argument("--cache", metavar="DIR",
                        help="folder that keeps hidden states between runs")
    parser.add_argument("--json", action="store_true",
                        help="print JSON (always so with --compare)")
    parser.add_argument("-v", "--verbose", action="store_true",
                        help="say each chunk on standard error")
    return parser.parse_args()


def main():
    args = parse()
    if args.ctx < 4:
        fail("--ctx must be at least 4")
    try:
        model = Model(args.model)
        with open(args.ids) as f:
            ids = np.array(f.read().split(), dtype=np.int64)
    except (OSError, ValueError) as error:
        fail(error)
    if len(ids) == 0 or ids.min() < 0 or ids.max() >= model.vocab:
        fail(f"{args.ids}: ids must lie in 0..{model.vocab - 1}")
    result = summary(evaluate(model, ids, args))
    if args.json or args.compare:
        print(json.dumps(result, indent=2))
    else:
        print(f"perplexity {result['perplexity']:.4f}, nll {result['nll']:.6f}"
              f" +- {result['nll_se']:.6f}, {result['tokens']} tokens")


if __name__ == "__main__":
    main()
