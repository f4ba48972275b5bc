// Linears of generated rows in two phases, where they have few panels and many
// columns. What was fused to them goes with the sum.
// RUN: quern-opt %s --quern-split-stages="linear-tasks=8" | FileCheck %s
// RUN: quern-opt %s --quern-split-stages="linear-tasks=64 linear-columns=256" | FileCheck %s --check-prefix=MORE
// RUN: quern-opt %s --quern-split-stages="linear-tasks=4" | FileCheck %s --check-prefix=ENOUGH
// RUN: quern-opt %s --quern-split-stages="linear-tasks=8 linear-columns=1024" | FileCheck %s --check-prefix=ENOUGH
// RUN: quern-opt %s --quern-split-stages | FileCheck %s --check-prefix=ENOUGH

// Four panels of 1500 columns: two parts of 768, a multiple of 32.
// CHECK-LABEL: func.func @residual
// CHECK: %[[P:.*]] = quern.stage "blk.0.ffn_down" rows step(%arg0, %arg1 :
// CHECK: quern.linear_parts %{{.*}}, %{{.*}} {columns = 768 : i64, parts = 2 : i64} : (tensor<?x1500xf32>, tensor<60x1500xf32>) -> tensor<?x120xf32>
// CHECK-NEXT: quern.yield
// CHECK: quern.stage "blk.0.ffn_down" rows step(%arg2, %[[P]] :
// CHECK-NEXT: ^bb0(%[[R:.*]]: tensor<?x60xf32>, %[[IN:.*]]: tensor<?x120xf32>):
// CHECK-NEXT: %[[S:.*]] = quern.sum_parts %[[IN]] {parts = 2 : i64}
// CHECK-NEXT: %[[Y:.*]] = quern.add %[[S]], %[[R]]
// CHECK-NEXT: quern.yield %[[Y]]
// MORE-LABEL: func.func @residual
// MORE: quern.linear_parts {{.*}} {columns = 320 : i64, parts = 5 : i64}
// ENOUGH-LABEL: func.func @residual
// ENOUGH-NOT: parts
func.func @residual(%x: tensor<?x1500xf32>, %w: tensor<60x1500xf32>, %r: tensor<?x60xf32>) -> tensor<?x60xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.stage "blk.0.ffn_down" rows step(%x, %w, %r : tensor<?x1500xf32>, tensor<60x1500xf32>, tensor<?x60xf32>) -> (tensor<?x60xf32>) {
  ^bb0(%a: tensor<?x1500xf32>, %b: tensor<60x1500xf32>, %c: tensor<?x60xf32>):
    %1 = quern.linear %a, %b : (tensor<?x1500xf32>, tensor<60x1500xf32>) -> tensor<?x60xf32>
    %2 = quern.add %1, %c : tensor<?x60xf32>
    quern.yield %2 : tensor<?x60xf32>
  }
  return %0 : tensor<?x60xf32>
}

// Two products and their GLU: both are split, and summed in one stage.
// CHECK-LABEL: func.func @pair
// CHECK: %[[P:.*]]:2 = quern.stage "blk.0.ffn_gate"
// CHECK-COUNT-2: quern.linear_parts
// CHECK: quern.stage "blk.0.ffn_gate" rows step(%[[P]]#0, %[[P]]#1 :
// CHECK: %[[A:.*]] = quern.sum_parts
// CHECK-NEXT: %[[B:.*]] = quern.sum_parts
// CHECK-NEXT: quern.glu silu %[[A]], %[[B]]
func.func @pair(%x: tensor<?x1500xf32>, %g: tensor<60x1500xf32>, %u: tensor<60x1500xf32>) -> tensor<?x60xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.stage "blk.0.ffn_gate" rows step(%x, %g, %u : tensor<?x1500xf32>, tensor<60x1500xf32>, tensor<60x1500xf32>) -> (tensor<?x60xf32>) {
  ^bb0(%a: tensor<?x1500xf32>, %b: tensor<60x1500xf32>, %c: tensor<60x1500xf32>):
    %1 = quern.linear %a, %b : (tensor<?x1500xf32>, tensor<60x1500xf32>) -> tensor<?x60xf32>
    %2 = quern.linear %a, %c : (tensor<?x1500xf32>, tensor<60x1500xf32>) -> tensor<?x60xf32>
    %3 = quern.glu silu %1, %2 : tensor<?x60xf32>
    quern.yield %3 : tensor<?x60xf32>
  }
  return %0 : tensor<?x60xf32>
}

// Prompt rows are tasks enough.
// CHECK-LABEL: func.func @prompt
// CHECK: quern.linear %
// CHECK-NOT: parts
func.func @prompt(%x: tensor<?x1500xf32>, %w: tensor<60x1500xf32>) attributes {quern.role = #quern<role prompt>} {
  %0 = quern.stage "blk.0.ffn_down" rows step(%x, %w : tensor<?x1500xf32>, tensor<60x1500xf32>) -> (tensor<?x60xf32>) {
  ^bb0(%a: tensor<?x1500xf32>, %b: tensor<60x1500xf32>):
    %1 = quern.linear %a, %b : (tensor<?x1500xf32>, tensor<60x1500xf32>) -> tensor<?x60xf32>
    quern.yield %1 : tensor<?x60xf32>
  }
  return
}
