//===- Call.h - A kernel's arguments, for it and for its references -*- C++ -*-===//
#pragma once
#include "Memory.h"

namespace quern::test {

/// Arguments are given in the order of the kernel's. What is handed over by
/// reference must outlive the call.
class Call {
public:
  Call &rows(HostRows x);
  Call &vector(std::vector<float> w);  // a weight
  Call &table(std::vector<float> t);   // of rope
  Call &indices(std::vector<int32_t> i);
  Call &kv(Pages &, HostKv &);
  Call &step(const Step &);

  /// Results of the kernel for `count` rows, `others` being the other of the two
  /// counts of rows. Checks guards and that paddings are finite.
  std::vector<HostRows> run(Jit &, int64_t count, int64_t workers);
  /// Results by the ops' references.
  std::vector<HostRows> reference(Jit &);

private:
  struct Argument {
    enum Kind { Rows, Vector, Table, Indices, Kv, Steps } kind;
    HostRows host;
    std::vector<float> floats;
    std::vector<int32_t> integers;
    Pages *pages = nullptr;
    HostKv *cache = nullptr;
    const Step *step = nullptr;
  };
  Argument &add(Argument::Kind);
  std::vector<Argument> arguments;
};

} // namespace quern::test
