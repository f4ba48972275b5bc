//===- CpuFeaturesTest.cpp - Against what the kernel says of the CPU ------===//
#include "codegen/cpu/runtime/CpuFeatures.h"
#include "runtime/Error.h"
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

using namespace quern;

TEST(CpuFeatures, EveryCpuHasTheBaseline) {
  EXPECT_EQ(missingCpuFeatures("64bit,cmov,cx8,fxsr,mmx,sse,sse2"), "");
  EXPECT_EQ(missingCpuFeatures(""), "");
  EXPECT_EQ(missingCpuFeatures("+sse2,,sse"), "");
}

TEST(CpuFeatures, UnknownNamesAreMissing) {
  EXPECT_EQ(missingCpuFeatures("sse2,frobnicate,sse,avx9"), "frobnicate, avx9");
  try {
    requireCpuFeatures("frobnicate", "a better CPU");
    FAIL();
  } catch (const Error &error) {
    std::string text = error.what();
    EXPECT_NE(text.find("a better CPU"), std::string::npos);
    EXPECT_NE(text.find("frobnicate"), std::string::npos);
  }
}

TEST(CpuFeatures, AgreesWithTheKernel) {
  std::ifstream in("/proc/cpuinfo");
  std::set<std::string> flags;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("flags")) {
      std::istringstream words(line.substr(line.find(':') + 1));
      for (std::string word; words >> word;)
        flags.insert(word);
      break;
    }
  if (flags.empty())
    GTEST_SKIP() << "no flags in /proc/cpuinfo";
  std::pair<const char *, const char *> names[] = {
      {"sse4.2", "sse4_2"},
      {"avx", "avx"},
      {"avx2", "avx2"},
      {"fma", "fma"},
      {"f16c", "f16c"},
      {"bmi", "bmi1"},
      {"bmi2", "bmi2"},
      {"avx512f", "avx512f"},
      {"avx512bw", "avx512bw"},
      {"avx512dq", "avx512dq"},
      {"avx512vl", "avx512vl"},
      {"avx512cd", "avx512cd"},
      {"avx512vnni", "avx512_vnni"},
      {"avx512bf16", "avx512_bf16"},
      {"avx512vbmi", "avx512vbmi"},
      {"avx512vbmi2", "avx512_vbmi2"},
      {"avx512fp16", "avx512_fp16"},
      {"avxvnni", "avx_vnni"},
      {"amx-tile", "amx_tile"},
      {"amx-bf16", "amx_bf16"},
      {"amx-int8", "amx_int8"},
      {"gfni", "gfni"},
      {"vaes", "vaes"},
      {"sse4a", "sse4a"},
      {"clwb", "clwb"},
      {"movbe", "movbe"},
      {"lzcnt", "abm"},
      {"sha", "sha_ni"}};
  for (auto [ours, kernels] : names)
    EXPECT_EQ(missingCpuFeatures(ours).empty(), flags.contains(kernels))
        << ours;
}
