// Gate and up products of one shape are one stage with their GLU.
// RUN: quern-opt %s --quern-form-stages | FileCheck %s
// RUN: quern-opt %s --quern-form-stages=epilogue=false | FileCheck %s --check-prefix=OFF

quern.weight @gate : tensor<64x32xf32>
quern.weight @up : tensor<64x32xf32>

// CHECK-LABEL: func.func @pair
// Weights are names, not work: they come first.
// CHECK-NOT: quern.stage
// CHECK-DAG: quern.get @gate
// CHECK-DAG: quern.get @up
// CHECK: quern.stage "blk.0.ffn_gate"
// CHECK: %[[G:.*]] = quern.linear
// CHECK-NEXT: %[[U:.*]] = quern.linear
// CHECK-NEXT: %[[Y:.*]] = quern.glu silu %[[G]], %[[U]]
// CHECK-NEXT: quern.yield %[[Y]]
// CHECK-NOT: quern.stage
// CHECK: return
// OFF-LABEL: func.func @pair
// OFF-COUNT-3: quern.stage
func.func @pair(%x: tensor<?x32xf32>) -> tensor<?x64xf32> attributes {quern.role = #quern<role prompt>} {
  %g = quern.get @gate : tensor<64x32xf32>
  %0 = quern.linear %x, %g : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32> loc("blk.0.ffn_gate")
  %u = quern.get @up : tensor<64x32xf32>
  %1 = quern.linear %x, %u : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32> loc("blk.0.ffn_up")
  %2 = quern.glu silu %0, %1 : tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

// Weights of two formats: the GLU joins only the later product.
// CHECK-LABEL: func.func @formats
// OFF-LABEL: func.func @formats
// CHECK: quern.stage "gate"
// CHECK: quern.linear
// CHECK-NEXT: quern.yield
// CHECK: quern.stage "up"
// CHECK: quern.linear
// CHECK-NEXT: quern.glu
// CHECK-NEXT: quern.yield
func.func @formats(%x: tensor<?x32xf32>, %g: !quern.weight<64 x 32, "q4_1">, %u: !quern.weight<64 x 32, "q8_0">) -> tensor<?x64xf32> attributes {quern.role = #quern<role prompt>} {
  %0 = quern.linear %x, %g : (tensor<?x32xf32>, !quern.weight<64 x 32, "q4_1">) -> tensor<?x64xf32> loc("gate")
  %1 = quern.linear %x, %u : (tensor<?x32xf32>, !quern.weight<64 x 32, "q8_0">) -> tensor<?x64xf32> loc("up")
  %2 = quern.glu silu %0, %1 : tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

// Other rows: no pair either.
// CHECK-LABEL: func.func @rows
// CHECK-COUNT-2: quern.stage
func.func @rows(%x: tensor<?x32xf32>, %y: tensor<?x32xf32>, %w: tensor<64x32xf32>) -> tensor<?x64xf32> attributes {quern.role = #quern<role prompt>} {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32>
  %1 = quern.linear %y, %w : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32>
  %2 = quern.glu silu %0, %1 : tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}
