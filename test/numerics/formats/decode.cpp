//===- decode.cpp - The reference decoder as a program ---------*- C++ -*-===//
//
//   formats_decode                              lists the formats
//   formats_decode NAME ROWS COLUMNS OUT PART...
//                  decodes a matrix of which each file PART is a tensor, to f32
//
//===----------------------------------------------------------------------===//
#include "ir/Format.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace quern;

static std::vector<uint8_t> slurp(const char *path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

static int list() {
  for (const Format &f : allFormats())
    std::printf("%s %d %u %u\n", f.name.c_str(), f.gguf, f.weights, f.bytes);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 1)
    return list();
  if (argc < 6)
    return std::fputs("usage: formats_decode [NAME ROWS COLUMNS OUT PART...]\n",
                      stderr),
           2;
  const Format *format = findFormat(argv[1]);
  if (!format)
    return std::fprintf(stderr, "no format %s\n", argv[1]), 2;
  uint64_t rows = std::strtoull(argv[2], nullptr, 10);
  uint64_t columns = std::strtoull(argv[3], nullptr, 10);
  std::vector<std::vector<uint8_t>> files;
  for (int i = 5; i < argc; ++i)
    files.push_back(slurp(argv[i]));
  std::vector<std::span<const uint8_t>> parts(files.begin(), files.end());
  std::string wrong = checkTensor(*format, parts, rows, columns);
  if (!wrong.empty())
    return std::fprintf(stderr, "%s\n", wrong.c_str()), 1;
  std::ofstream out(argv[4], std::ios::binary);
  std::vector<float> row(columns);
  for (uint64_t r = 0; r < rows; ++r) {
    dequantizeRow(*format, parts, rows, columns, r, row.data());
    out.write(reinterpret_cast<const char *>(row.data()),
              static_cast<std::streamsize>(columns * sizeof(float)));
  }
  return out.good() ? 0 : 1;
}
