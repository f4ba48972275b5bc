//===- aarch64.cpp - What an ARM CPU of 64 bits has -----------------------===//
//
// Linux says what CPU and operating system have together. Bits: its
// arch/arm64/include/uapi/asm/hwcap.h. Names: LLVM's AArch64 target.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/runtime/features/Features.h"
#include <cstdint>
#include <sys/auxv.h>

using namespace quern;

namespace {

struct Feature {
  std::string_view name;
  uint8_t word; // AT_HWCAP or AT_HWCAP2
  uint8_t bit;
};

constexpr Feature kFeatures[] = {
    {"fp-armv8", AT_HWCAP, 0},   // HWCAP_FP
    {"neon", AT_HWCAP, 1},       // HWCAP_ASIMD
    {"aes", AT_HWCAP, 3},        // HWCAP_AES
    {"sha2", AT_HWCAP, 6},       // HWCAP_SHA2
    {"crc", AT_HWCAP, 7},        // HWCAP_CRC32
    {"lse", AT_HWCAP, 8},        // HWCAP_ATOMICS
    {"fullfp16", AT_HWCAP, 10},  // HWCAP_ASIMDHP
    {"rdm", AT_HWCAP, 12},       // HWCAP_ASIMDRDM
    {"jsconv", AT_HWCAP, 13},    // HWCAP_JSCVT
    {"complxnum", AT_HWCAP, 14}, // HWCAP_FCMA
    {"rcpc", AT_HWCAP, 15},      // HWCAP_LRCPC
    {"ccpp", AT_HWCAP, 16},      // HWCAP_DCPOP
    {"sha3", AT_HWCAP, 17},      // HWCAP_SHA3
    {"sm4", AT_HWCAP, 19},       // HWCAP_SM4
    {"dotprod", AT_HWCAP, 20},   // HWCAP_ASIMDDP
    {"sve", AT_HWCAP, 22},       // HWCAP_SVE
    {"fp16fml", AT_HWCAP, 23},   // HWCAP_ASIMDFHM
    {"dit", AT_HWCAP, 24},       // HWCAP_DIT
    {"lse2", AT_HWCAP, 25},      // HWCAP_USCAT
    {"rcpc-immo", AT_HWCAP, 26}, // HWCAP_ILRCPC
    {"flagm", AT_HWCAP, 27},     // HWCAP_FLAGM
    {"ssbs", AT_HWCAP, 28},      // HWCAP_SSBS
    {"sb", AT_HWCAP, 29},        // HWCAP_SB
    {"pauth", AT_HWCAP, 30},     // HWCAP_PACA
    {"ccdp", AT_HWCAP2, 0},      // HWCAP2_DCPODP
    {"sve2", AT_HWCAP2, 1},      // HWCAP2_SVE2
    {"altnzcv", AT_HWCAP2, 7},   // HWCAP2_FLAGM2
    {"fptoint", AT_HWCAP2, 8},   // HWCAP2_FRINT
    {"f32mm", AT_HWCAP2, 10},    // HWCAP2_SVEF32MM
    {"f64mm", AT_HWCAP2, 11},    // HWCAP2_SVEF64MM
    {"i8mm", AT_HWCAP2, 13},     // HWCAP2_I8MM
    {"bf16", AT_HWCAP2, 14},     // HWCAP2_BF16
    {"rand", AT_HWCAP2, 16},     // HWCAP2_RNG
    {"bti", AT_HWCAP2, 17},      // HWCAP2_BTI
};

} // namespace

bool quern::cpuHas(std::string_view name) {
  for (const Feature &feature : kFeatures)
    if (feature.name == name)
      return getauxval(feature.word) >> feature.bit & 1;
  return false;
}

void quern::askForCpuState(std::string_view) {} // nothing needs to be asked for
