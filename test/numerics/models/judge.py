#!/usr/bin/env python3
"""Judges a compiled model against the float reference, for either role.

  judge.py model.gguf ./model --role generated --max-kl 0.001

Makes the text, has the artifact tokenize it and write its logits into a named
pipe, and has reference.py read them there: nothing of 20,000 rows of the
vocabulary ever lies on a disk. Prints reference.py's JSON; with limits given,
exits 1 and says which one was broken.
"""
import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def fail(message):
    sys.exit(f"judge: {message}")


def output(what, *command):
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        fail(f"{what}: {done.stderr.strip()}")
    return done.stdout


def judge(args, folder):
    """Runs both sides at once; returns (reference's JSON, artifact's)."""
    text, ids, pipe = folder / "text", folder / "ids", folder / "logits"
    output("get_text", sys.executable, HERE / "get_text.py", text,
           "--chars", args.chars)
    ids.write_text(output("tokenize", *args.runner, args.artifact, "tokenize", "--ids",
                          "--file", text))
    os.mkfifo(pipe)
    errors = open(folder / "errors", "w+")
    candidate = subprocess.Popen(
        [*args.runner, args.artifact, "perplexity", text, "--ctx", str(args.ctx), "--role",
         args.role, "--logits", pipe, "--json"],
        stdout=subprocess.PIPE, stderr=errors, text=True)
    command = [sys.executable, HERE / "reference.py", args.model, "--ids", ids,
               "--ctx", args.ctx, "--compare", pipe]
    if args.cache:
        command += ["--cache", args.cache]
    # Opening a pipe waits for the other end: a side that dies before it opens
    # would leave the other one waiting for ever, so both are watched.
    reference = subprocess.Popen([str(c) for c in command], text=True,
                                 stdout=subprocess.PIPE)
    result = None
    while result is None and candidate.poll() is None:
        try:
            result = reference.communicate(timeout=1)[0]
        except subprocess.TimeoutExpired:
            continue
    if candidate.poll() not in (None, 0) or reference.poll() not in (None, 0):
        candidate.kill()
        reference.kill()
        errors.seek(0)
        fail(f"artifact or reference failed: {errors.read().strip()}")
    if result is None:
        result = reference.communicate()[0]
    own = candidate.communicate()[0]
    return json.loads(result), json.loads(own)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", help="GGUF file the artifact was made from")
    parser.add_argument("artifact", help="compiled model")
    parser.add_argument("--role", choices=("prompt", "generated"),
                        default="prompt")
    parser.add_argument("--ctx", type=int, default=512)
    parser.add_argument("--chars", type=int, default=192000,
                        help="characters of text (default: %(default)s)")
    parser.add_argument("--cache", help="see reference.py")
    parser.add_argument("--runner", type=shlex.split, default=[],
                        help="command that runs the artifact: an emulator")
    parser.add_argument("--max-kl", type=float,
                        help="limit of the mean KL divergence")
    parser.add_argument("--min-top1", type=float,
                        help="limit of the top-1 agreement")
    args = parser.parse_args()
    args.artifact = os.path.abspath(args.artifact)
    with tempfile.TemporaryDirectory() as folder:
        result, own = judge(args, pathlib.Path(folder))
    result["artifact_reported_perplexity"] = own["perplexity"]
    print(json.dumps(result, indent=2))
    if args.max_kl is not None and not result["mean_kl"] <= args.max_kl:
        fail(f"mean KL divergence {result['mean_kl']:.3g} is more than "
             f"{args.max_kl:g}")
    if (args.min_top1 is not None and
            not result["top1_agreement"] >= args.min_top1):
        fail(f"top-1 agreement {result['top1_agreement']:.4f} is less than "
             f"{args.min_top1:g}")
    own, ours = own["perplexity"], result["candidate_perplexity"]
    if abs(own - ours) > 1e-4 * ours:
        fail(f"the artifact reports perplexity {own}, its logits say {ours}")


if __name__ == "__main__":
    main()
