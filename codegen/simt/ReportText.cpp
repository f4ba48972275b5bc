//===- ReportText.cpp - What is said of kernels of threads ----------------===//
#include "codegen/simt/Report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace quern;
using namespace quern::simt;

static llvm::json::Value toJson(const KernelReport &report) {
  llvm::json::Array accesses;
  for (const KernelReport::Access &access : report.accesses) {
    llvm::json::Object loads;
    for (auto [width, count] : access.loads)
      loads[std::to_string(width)] = count;
    llvm::json::Object entry{{"operand", access.operand},
                             {"bytes", access.bytes},
                             {"requested_bytes", access.requestedBytes},
                             {"loads", std::move(loads)},
                             {"sectors", access.sectors},
                             {"fewest_sectors", access.fewestSectors}};
    if (access.leastBytes >= 0)
      entry["least_bytes"] = access.leastBytes;
    accesses.push_back(std::move(entry));
  }
  llvm::json::Object occupancy;
  for (const auto &[chip, share] : report.occupancy)
    occupancy[chip] = share;
  return llvm::json::Object{{"kernel", report.kernel},
                            {"rows", report.rows},
                            {"workgroups", report.workgroups},
                            {"threads", report.threads},
                            {"shared_bytes", report.sharedBytes},
                            {"barriers", report.barriers},
                            {"loads", std::move(accesses)},
                            {"occupancy", std::move(occupancy)}};
}

static constexpr const char *kLine =
    "{0,-28} {1,4} {2,10} {3,7} {4,7} {5,10} {6,10} {7,6} {8,8} {9,9}\n";

static std::string heading() {
  return llvm::formatv(kLine, "kernel", "rows", "workgroups", "threads",
                       "shared", "weights", "least", "width", "sectors",
                       "occupancy")
      .str();
}

/// Weights and width are those of packed weights, for one workgroup; sectors are
/// those of all loads, by the fewest.
static std::string toText(const KernelReport &report) {
  std::string weights = "-", least = "-", width = "-";
  int64_t sectors = 0, fewest = 0;
  for (const KernelReport::Access &access : report.accesses) {
    sectors += access.sectors, fewest += access.fewestSectors;
    if (access.leastBytes < 0)
      continue;
    weights = std::to_string(access.bytes);
    least = std::to_string(access.leastBytes);
    llvm::SmallVector<std::string> widths;
    for (auto [bytes, count] : access.loads)
      widths.push_back(std::to_string(bytes));
    width = llvm::join(widths, ",");
  }
  double lowest = 1;
  for (const auto &[chip, share] : report.occupancy)
    lowest = std::min(lowest, share);
  return llvm::formatv(
             kLine, report.kernel, report.rows, report.workgroups,
             report.threads, report.sharedBytes, weights, least, width,
             fewest ? llvm::formatv("{0:F2}", double(sectors) / double(fewest))
                          .str()
                    : "-",
             llvm::formatv("{0:P0}", lowest).str())
      .str();
}

Report quern::simt::reportOf(llvm::ArrayRef<KernelReport> kernels) {
  Report report{heading(), {}};
  for (const KernelReport &kernel : kernels) {
    report.text += toText(kernel);
    report.kernels.push_back(toJson(kernel));
  }
  return report;
}
