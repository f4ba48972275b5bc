// Weights with and without a source and an offset.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK: quern.weight @blk.0.attn_q : !quern.weight<576 x 576, "q4_1">{{$}}
// GENERIC: "quern.weight"() <{sym_name = "blk.0.attn_q", type = !quern.weight<576 x 576, "q4_1">}>
quern.weight @blk.0.attn_q : !quern.weight<576 x 576, "q4_1">

// CHECK: quern.weight @a : !quern.weight<576 x 576, "q4_1"> from "blk.0.a.weight"{{$}}
// GENERIC: "quern.weight"() <{source = "blk.0.a.weight", sym_name = "a",
quern.weight @a : !quern.weight<576 x 576, "q4_1"> from "blk.0.a.weight"

// CHECK: quern.weight @b : tensor<576xf32> from "b.weight" at 4096
// GENERIC: "quern.weight"() <{offset = 4096 : i64, source = "b.weight", sym_name = "b", type = tensor<576xf32>}>
quern.weight @b : tensor<576xf32> from "b.weight" at 4096
