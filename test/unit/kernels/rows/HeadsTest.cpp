//===- HeadsTest.cpp - Rotary embedding and the writing of the cache ------===//
#include "Call.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

using namespace quern;
using namespace quern::test;

namespace {
struct Rope {
  int64_t heads, size, dims;
  bool half;
  double base = 1.0e4;
};
constexpr int64_t kContext = 5000;

std::string rowsType(int64_t columns) { return fmt::format("tensor<?x{}xf32>", columns); }
std::string tableType(int64_t dims) {
  return fmt::format("tensor<{}x{}xf32>", 64 + kContext / 64 + 1, dims);
}
std::string ropeText(const Rope &r, const std::string &result, const std::string &operand) {
  return fmt::format("{0} = quern.rope {1}, %s table %t {{base = {2:e}, dims = {3}, {4}size = {5}}} "
                     ": ({6}, !quern.step, {7}) -> {6}\n",
                     result, operand, r.base, r.dims, r.half ? "half, " : "", r.size,
                     rowsType(r.heads * r.size), tableType(r.dims));
}
std::string kernel(const std::string &arguments, const std::string &body) {
  return fmt::format("quern.kernel @k role generated rows step {{\n^bb0({}):\n{}\n}}\n",
                     arguments, body);
}
std::vector<Rope> ropes() {
  return {{9, 64, 64, true},  {4, 256, 256, true, 1.0e6}, {3, 64, 64, false},
          {3, 80, 80, true},  {3, 80, 32, true},          {5, 96, 48, true},
          {3, 33, 20, false}, {2, 7, 6, true},            {1, 128, 96, false},
          {3, 24, 24, true}};
}
} // namespace

TEST(Rope, AgreesWithTheReference) {
  Random random(1);
  for (const std::string &chip : chips())
    for (const Rope &r : ropes()) {
      SCOPED_TRACE(fmt::format("{} {}x{} dims {} {}", chip, r.heads, r.size, r.dims,
                               r.half ? "half" : "interleaved"));
      std::string t = rowsType(r.heads * r.size);
      Jit jit(kernel(fmt::format("%x: {}, %s: !quern.step, %t: {}", t, tableType(r.dims)),
                     ropeText(r, "%y", "%x") + "quern.yield %y : " + t),
              chip);
      Step step({0, 62, 4990}, {3, 5, 2});
      Call call;
      call.rows(random.rows(step.rows(), r.heads * r.size)).step(step)
          .table(ropeTable(r.dims, r.base, kContext));
      HostRows y = call.run(jit, step.rows(), 1)[0];
      EXPECT_LT(difference(y, call.reference(jit)[0]), 1e-6);
      for (int64_t workers : {2, 3, 5})
        EXPECT_TRUE(sameBits(y, call.run(jit, step.rows(), workers)[0]));
    }
}

TEST(Rope, AfterANormAndAFactor) {
  Random random(2);
  for (const std::string &chip : chips())
    for (const Rope &r : ropes()) {
      SCOPED_TRACE(fmt::format("{} {}x{} dims {}", chip, r.heads, r.size, r.dims));
      std::string t = rowsType(r.heads * r.size), w = fmt::format("tensor<{}xf32>", r.size);
      Jit jit(kernel(fmt::format("%x: {}, %w: {}, %s: !quern.step, %t: {}", t, w, tableType(r.dims)),
                     fmt::format("%n = quern.rms_norm %x, %w {{epsilon = 1.0e-6 : f32}} : "
                                 "({0}, {1}) -> {0}\n%f = quern.scale %n by 0.3 : {0}\n", t, w) +
                         ropeText(r, "%y", "%f") + "quern.yield %y : " + t),
              chip);
      Step step({61, 700}, {4, 1});
      Call call;
      call.rows(random.rows(step.rows(), r.heads * r.size, 5)).vector(random.rows(1, r.size).data)
          .step(step).table(ropeTable(r.dims, r.base, kContext));
      HostRows y = call.run(jit, step.rows(), 1)[0];
      EXPECT_LT(difference(y, call.reference(jit)[0]), 1e-6);
      EXPECT_TRUE(sameBits(y, call.run(jit, step.rows(), 2)[0]));
    }
}

namespace {
/// Writes through a kernel and compares pages with what the references keep.
struct Writing {
  Rope rope; // of the keys
  int64_t queryHeads, page;
  unsigned bytes;
  bool rotates, norms;

  std::string text() const {
    Rope q = rope;
    q.heads = queryHeads;
    std::string k = rowsType(rope.heads * rope.size), t = rowsType(queryHeads * rope.size);
    std::string kv = fmt::format("!quern.kv<{} x {}, window = 0, stored = {}, page = {}>", rope.heads,
                                 rope.size, bytes == 2 ? "f16" : "f32", page);
    std::string w = fmt::format("tensor<{}xf32>", rope.size), body, key = "%k";
    if (norms) {
      body += fmt::format("%n = quern.rms_norm %k, %w {{epsilon = 1.0e-6 : f32}} : ({0}, {1}) -> {0}\n", k, w);
      key = "%n";
    }
    if (rotates) {
      body += ropeText(rope, "%r", key);
      key = "%r";
    }
    if (queryHeads)
      body += ropeText(q, "%p", "%q");
    body += fmt::format("quern.kv_write {}, %v, %kv, %s : {}, {}, {}\n", key, k, k, kv);
    body += queryHeads ? "quern.yield %p : " + t : "quern.yield";
    return kernel(fmt::format("{}%k: {}, %v: {}, {}%s: !quern.step, {}%kv: {}",
                              queryHeads ? "%q: " + t + ", " : "", k, k,
                              norms ? "%w: " + w + ", " : "",
                              rotates || queryHeads ? "%t: " + tableType(rope.dims) + ", " : "", kv),
                  body);
  }
  void check(const std::string &chip) const {
    SCOPED_TRACE(fmt::format("{} {}x{} queries {} page {} bytes {} {}{}", chip, rope.heads, rope.size,
                             queryHeads, page, bytes, rotates ? "rope " : "", norms ? "norm" : ""));
    Jit jit(text(), chip);
    Step step({0, 58}, {18, 15});
    HostRows queries;
    for (int64_t workers : {1, 3}) {
      Random random(7);
      Pages pages(rope.heads, rope.size, page, 2, 100, bytes, random);
      HostKv host;
      Call call;
      if (queryHeads)
        call.rows(random.rows(step.rows(), queryHeads * rope.size));
      HostRows k = random.rows(step.rows(), rope.heads * rope.size, 3), v = k;
      for (float &x : v.data)
        x = random.number(3);
      v.data[5] = 1e6f; // beyond f16
      v.data[6] = -1e6f;
      call.rows(k).rows(v);
      if (norms)
        call.vector(random.rows(1, rope.size).data);
      call.step(step);
      if (rotates || queryHeads)
        call.table(ropeTable(rope.dims, rope.base, kContext));
      call.kv(pages, host);
      std::vector<HostRows> want = call.reference(jit), have = call.run(jit, step.rows(), workers);
      if (queryHeads) {
        EXPECT_LT(difference(have[0], want[0]), 1e-6);
        EXPECT_TRUE(workers == 1 || sameBits(queries, have[0]));
        queries = have[0];
      }
      EXPECT_TRUE(pages.memory.guardIntact());
      expectPages(pages, host);
    }
  }
  void expectPages(const Pages &pages, const HostKv &host) const {
    for (auto &[where, row] : host.rows)
      for (bool value : {false, true}) {
        std::vector<float> have = pages.get(value, where.first, where.second);
        const std::vector<float> &want = value ? row.second : row.first;
        for (size_t c = 0; c < want.size(); ++c) {
          float exact = asStored(want[c], bytes);
          // A key that was computed may fall on the other side of a rounding.
          float slack = value || !(rotates || norms) ? 0 : std::abs(exact) * (bytes == 2 ? 1e-3f : 1e-6f) + 2e-6f;
          ASSERT_LE(std::abs(have[c] - exact), slack)
              << (value ? "value " : "key ") << where.first << " " << where.second << " " << c;
        }
      }
    // Nothing else was touched.
    size_t written = 0, elements = pages.memory.size() / bytes;
    for (size_t i = 0; i < elements; ++i) {
      float v = loadAs(bytes, pages.memory.as<char>() + i * bytes);
      written += v == v;
    }
    EXPECT_EQ(written, host.rows.size() * 2 * rope.heads * rope.size);
  }
};
} // namespace

TEST(KvWrite, AloneAndAfterRotations) {
  for (const std::string &chip : chips())
    for (const Rope &r : ropes())
      for (unsigned bytes : {2, 4})
        for (int variant = 0; variant < 4; ++variant) {
          Writing w{r, variant >= 2 ? 2 * r.heads : 0, variant % 2 ? 64 : 16, bytes,
                    variant >= 1, variant == 3};
          w.check(chip);
        }
}
