// Constants with and without an offset.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK: quern.constant @rope.0 = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>{{$}}
// GENERIC: "quern.constant"() <{sym_name = "rope.0", value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>}>
quern.constant @rope.0 = dense<[1.0, 2.0]> : tensor<2xf32>

// CHECK: quern.constant @rope.1 = dense<0.000000e+00> : tensor<64x32xf32> at 128
// GENERIC: "quern.constant"() <{offset = 128 : i64, sym_name = "rope.1",
quern.constant @rope.1 = dense<0.0> : tensor<64x32xf32> at 128
