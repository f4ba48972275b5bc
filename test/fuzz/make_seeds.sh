#!/bin/sh
# make_seeds.sh MAKE_BAD_FILES MAKE_RUNTIME_SEEDS TEMPLATES OUT
#
# Writes the seeds of the fuzz targets: OUT/fuzz_gguf/ has GGUF files, and
# OUT/fuzz_safetensors/ folders as single files, in the form that
# fuzz_safetensors.cpp describes: the files in a fixed order, each after its
# length as four bytes, little endian. make_runtime_seeds writes the others.
set -eu
make_bad_files=$1
make_runtime_seeds=$2
templates=$3
out=$4

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
"$make_bad_files" "$files"
rm -rf "$out"
mkdir -p "$out/fuzz_gguf" "$out/fuzz_safetensors"
"$make_runtime_seeds" "$templates" "$out"
cp "$files"/*.gguf "$out/fuzz_gguf"

append() { # FILE OUT
  size=0
  if [ -f "$1" ]; then
    size=$(wc -c <"$1")
  fi
  printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $((size & 255)) \
    $((size >> 8 & 255)) $((size >> 16 & 255)) $((size >> 24 & 255)))" >>"$2"
  if [ "$size" -gt 0 ]; then
    cat "$1" >>"$2"
  fi
}

for folder in "$files"/*/; do
  seed="$out/fuzz_safetensors/$(basename "$folder")"
  for name in config.json model.safetensors model.safetensors.index.json \
    model-00001-of-00002.safetensors model-00002-of-00002.safetensors \
    tokenizer.json tokenizer_config.json generation_config.json \
    chat_template.jinja; do
    append "$folder$name" "$seed"
  done
done
