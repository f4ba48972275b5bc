// Bytes in memory become words: a load of less than a word takes its part of one.
// RUN: quern-opt %s --quern-simt-lower-kernels --quern-simt-lower-tile --canonicalize | FileCheck %s

#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
// CHECK: gpu.func @embed({{.*}}%[[W:[a-z0-9]+]]: memref<?xi32, #gpu.address_space<global>>, %{{[a-z0-9]+}}: memref<?x64xf32, #gpu.address_space<global>>)
// CHECK-NOT: xi8
// CHECK-NOT: tile.
// CHECK: %[[AT:.*]] = arith.shrui %[[BYTE:.*]], %c2
// CHECK: %[[WORD:.*]] = memref.load %[[W]][%[[AT]]]
// CHECK: arith.andi %[[BYTE]], %c3
// CHECK: arith.shrui %[[WORD]], %{{.*}} : i32
// CHECK: arith.trunci %{{.*}} : i32 to i16
// CHECK: arith.extf %{{.*}} : vector<1xf16> to vector<1xf32>
quern.kernel @embed role generated rows step {
^bb0(%t: tensor<?xi32>, %w: !quern.panels<50 x 45, #floats>):
  %y = quern.embed %t, %w {scale = 1.5 : f32} : (tensor<?xi32>, !quern.panels<50 x 45, #floats>) -> tensor<?x45xf32>
  quern.yield %y : tensor<?x45xf32>
}
