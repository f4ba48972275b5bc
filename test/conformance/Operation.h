//===- Operation.h - A kernel with its arguments ----------------*- C++ -*-===//
#pragma once
#include "Runner.h"
#include "test/unit/kernels/linear/Fixture.h"
#include "test/unit/kernels/rows/Memory.h"

namespace quern::test {

/// A kernel and what it is run on, both by a target and by the references of its
/// ops. Arguments are added in order; they must outlive this.
class Operation {
public:
  /// `body`: ops on the arguments %0, %1, ... that end in quern.yield. `rows`: of
  /// what the results have as many rows, "step" or "logits".
  Operation(std::string body, std::string rows = "step",
            std::string role = "prompt")
      : body(std::move(body)), rowsOf(std::move(rows)), role(std::move(role)) {}

  Operation &rows(HostRows x);
  /// As `!quern.rows<N, numbers>`.
  Operation &integerRows(const HostRows &x, const std::string &numbers = "i16");
  Operation &vector(std::vector<float> w);
  Operation &indices(std::vector<int32_t> i);
  Operation &weight(const TestWeight &);
  /// Of quern.rope: f32[rows][dims].
  Operation &table(std::vector<float> t, int64_t dims);
  /// `window` is in the type, for the references, and a constant of the launch.
  Operation &kv(Pages &, HostKv &, int64_t window = 0);
  Operation &step(const Step &);

  /// Results for `count` rows. Fails the test if the target cannot run it, or
  /// writes beyond the results.
  std::vector<HostRows> run(Runner &, int64_t count) const;
  std::vector<HostRows> reference() const;
  std::string text() const;

private:
  struct Argument {
    std::string type;
    HostRows host;
    AlignedVector<uint8_t> record; // of integer rows
    std::vector<float> floats;
    std::vector<int32_t> integers;
    const TestWeight *matrix = nullptr;
    Pages *pages = nullptr;
    HostKv *cache = nullptr;
    int64_t window = 0;
    const Step *rows = nullptr;
  };
  Argument &add(std::string type);
  std::string body, rowsOf, role;
  std::vector<Argument> arguments;
};

/// Compares a target with the references, and rows alone with rows in company.
void expectConforms(Runner &, const Operation &, int64_t rows,
                    double tolerance);

} // namespace quern::test
