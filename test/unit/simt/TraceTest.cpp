//===- TraceTest.cpp - Accesses counted by hand ---------------------------===//
#include "codegen/simt/Trace.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace quern::simt;

namespace {
/// A function of 64 threads with three memories: %n of integers, of which element i
/// is 10 i; %x of floats; %q of pieces of 16 bytes; and %s of the workgroup.
class TraceOf {
public:
  explicit TraceOf(const std::string &body) {
    context.loadDialect<mlir::arith::ArithDialect, mlir::gpu::GPUDialect,
                        mlir::memref::MemRefDialect, mlir::scf::SCFDialect>();
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      message += d.str();
      return mlir::success();
    });
    module = mlir::parseSourceString<mlir::ModuleOp>(
        "gpu.module @m { gpu.func @k(%n: memref<?xi32>, %x: memref<?x100xf32>, "
        "%q: memref<?xvector<4xi32>>) workgroup(%s: memref<64xi32, 3>) kernel "
        "attributes {known_block_size = array<i32: 64, 1, 1>} {\n"
        "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n"
        "%c2 = arith.constant 2 : index\n%c3 = arith.constant 3 : index\n"
        "%c16 = arith.constant 16 : index\n%t = gpu.thread_id x\n" +
            body + "\ngpu.return } }",
        &context);
    EXPECT_TRUE(module) << message;
    if (!module)
      return;
    module->walk([&](mlir::gpu::GPUFuncOp function) {
      auto traced = traceWorkgroup(
          function,
          [](unsigned argument, int64_t index) -> std::optional<int64_t> {
            return argument == 0 && index < 100 ? std::optional(10 * index)
                                                : std::nullopt;
          },
          /*task=*/5, /*item=*/7, /*part=*/2);
      if (mlir::succeeded(traced))
        trace = *traced;
    });
  }
  const MemoryTrace &operator[](size_t i) const { return trace->memory[i]; }

  std::string message;
  std::optional<Trace> trace;

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST(Trace, CountsBytesOnceAndAsOftenAsAsked) {
  // Threads 2i and 2i + 1 load element 3i of row 0.
  TraceOf t("%half = arith.divui %t, %c2 : index\n"
            "%at = arith.muli %half, %c3 : index\n"
            "%v = memref.load %x[%c0, %at] : memref<?x100xf32>");
  ASSERT_TRUE(t.trace) << t.message;
  EXPECT_EQ(t[1].loads, 64);
  EXPECT_EQ(t[1].requestedBytes, 256);
  EXPECT_EQ(t[1].uniqueBytes, 128);
  EXPECT_EQ(t[1].requests, 2); // of 32 threads each
  // Elements 0, 3 .. 45 are bytes 0 .. 183, and 48 .. 93 are 192 .. 375.
  EXPECT_EQ(t[1].sectors, 6 + 6);
  EXPECT_EQ(t[1].fewestSectors, 2 + 2);
  EXPECT_EQ(t[1].loadsOfWidth, (std::map<int64_t, int64_t>{{4, 64}}));
  EXPECT_EQ(t[0].loads + t[2].loads + t[3].loads, 0);
}

TEST(Trace, PiecesAreWide) {
  TraceOf t("%v = memref.load %q[%t] : memref<?xvector<4xi32>>");
  ASSERT_TRUE(t.trace) << t.message;
  EXPECT_EQ(t[2].uniqueBytes, 64 * 16);
  EXPECT_EQ(t[2].sectors, 32);
  EXPECT_EQ(t[2].fewestSectors, 32);
  EXPECT_EQ(t[2].loadsOfWidth, (std::map<int64_t, int64_t>{{16, 64}}));
}

TEST(Trace, LoopsGoOnForThoseThatAreNotDone) {
  // Thread t loads t / 16 + 1 rows; the carried integer is the row.
  TraceOf t("%quarter = arith.divui %t, %c16 : index\n"
            "%to = arith.addi %quarter, %c1 : index\n"
            "%r = scf.for %i = %c0 to %to step %c1 iter_args(%row = %c0) -> "
            "(index) {\n"
            "  %v = memref.load %x[%row, %c0] : memref<?x100xf32>\n"
            "  %next = arith.addi %row, %c1 : index\n"
            "  scf.yield %next : index\n}\n"
            "%last = memref.load %x[%r, %c1] : memref<?x100xf32>");
  ASSERT_TRUE(t.trace) << t.message;
  EXPECT_EQ(t[1].loads, 16 * (1 + 2 + 3 + 4) + 64);
  EXPECT_EQ(t[1].uniqueBytes, 4 * (4 + 4)); // rows 0 to 3, and 1 to 4
}

TEST(Trace, BranchesAreForThoseWhoTakeThem) {
  TraceOf t("%few = arith.cmpi ult, %t, %c3 : index\n"
            "%v = scf.if %few -> (index) {\n"
            "  %n3 = memref.load %n[%t] : memref<?xi32>\n"
            "  %i = arith.index_castui %n3 : i32 to index\n"
            "  scf.yield %i : index\n} else {\n  scf.yield %c1 : index\n}\n"
            "%w = memref.load %x[%c0, %v] : memref<?x100xf32>");
  ASSERT_TRUE(t.trace) << t.message;
  EXPECT_EQ(t[0].loads, 3);
  EXPECT_EQ(t[1].loads, 64);
  EXPECT_EQ(t[1].uniqueBytes, 4 * 4); // 0, 10, 20, and 1
}

TEST(Trace, IntegersGoThroughSharedMemory) {
  TraceOf t("%word = arith.index_cast %t : index to i32\n"
            "memref.store %word, %s[%t] : memref<64xi32, 3>\n"
            "gpu.barrier\n"
            "%other = memref.load %s[%c16] : memref<64xi32, 3>\n"
            "%at = arith.index_cast %other : i32 to index\n"
            "%v = memref.load %q[%at] : memref<?xvector<4xi32>>");
  ASSERT_TRUE(t.trace) << t.message;
  EXPECT_EQ(t.trace->barriers, 1);
  EXPECT_EQ(t[3].stores, 64);
  EXPECT_EQ(t[2].uniqueBytes, 16);
  EXPECT_EQ(t[2].requestedBytes, 64 * 16);
}

TEST(Trace, TasksAndItemsAreNumbers) {
  TraceOf t("%b = gpu.block_id x\n%c = gpu.block_id y\n"
            "%v = memref.load %x[%b, %c] : memref<?x100xf32>\n"
            "%far = arith.muli %b, %c16 : index\n"
            "%n2 = memref.load %n[%far] : memref<?xi32>");
  ASSERT_TRUE(t.trace) << t.message;
  EXPECT_EQ(t[1].uniqueBytes, 4);
}

TEST(Trace, WhatItCannotFollowIsSaid) {
  auto refused = [](const std::string &body, const std::string &word) {
    TraceOf t(body);
    EXPECT_FALSE(t.trace) << body;
    EXPECT_NE(t.message.find(word), std::string::npos) << t.message;
  };
  // An integer that nobody knows, as an address.
  refused("%v = memref.load %s[%t] : memref<64xi32, 3>\n"
          "%i = arith.index_cast %v : i32 to index\n"
          "%w = memref.load %x[%i, %c0] : memref<?x100xf32>",
          "requires an address");
  std::string decided = "%v = memref.load %x[%c0, %c0] : memref<?x100xf32>\n"
                        "%z = arith.constant 0.0 : f32\n"
                        "%is = arith.cmpf ogt, %v, %z : f32\n";
  refused(decided + "scf.if %is { gpu.barrier }", "requires a condition");
  refused(decided + "%to = arith.select %is, %c1, %c2 : index\n"
                    "scf.for %i = %c0 to %to step %c1 { }",
          "requires bounds");
  // Half of the threads wait for the others, which never come.
  refused("%some = arith.cmpi ult, %t, %c16 : index\n"
          "scf.if %some { gpu.barrier }",
          "requires all threads at a barrier");
  // Beyond the last of 100 columns, and of 64 elements.
  refused("%c100 = arith.constant 100 : index\n"
          "%v = memref.load %x[%c0, %c100] : memref<?x100xf32>",
          "thread 0 has 100 of 100");
  refused("%far = arith.addi %t, %c1 : index\n"
          "%v = memref.load %s[%far] : memref<64xi32, 3>",
          "thread 63 has 64 of 64");
}

TEST(Trace, SharedMemoryWantsBarriers) {
  const std::string word = "%word = arith.index_cast %t : index to i32\n",
                    store = "memref.store %word, %s[%t] : memref<64xi32, 3>\n",
                    next = "%n1 = arith.addi %t, %c1 : index\n"
                           "%at = arith.remui %n1, %c16 : index\n",
                    load = "%v = memref.load %s[%at] : memref<64xi32, 3>\n",
                    barrier = "gpu.barrier\n";
  EXPECT_TRUE(TraceOf(word + next + store + barrier + load).trace);
  EXPECT_TRUE(TraceOf(word + next + load + barrier + store).trace);
  EXPECT_TRUE(TraceOf(word + store + store).trace); // each its own
  // Written by one and read by another, and the other way round.
  for (const std::string &body : {store + load, load + store}) {
    TraceOf t(word + next + body);
    EXPECT_FALSE(t.trace);
    EXPECT_NE(t.message.find("requires a barrier before thread"),
              std::string::npos)
        << t.message;
  }
  // All of them write one element.
  TraceOf t(word + "memref.store %word, %s[%c0] : memref<64xi32, 3>");
  EXPECT_FALSE(t.trace);
  EXPECT_NE(t.message.find("thread 1 writes element 0"), std::string::npos)
      << t.message;
}
} // namespace
