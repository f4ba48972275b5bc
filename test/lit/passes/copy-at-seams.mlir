// A copy for each value and device, where it is first read; none within a device.
// RUN: quern-opt %s --split-input-file --quern-copy-at-seams | FileCheck %s
// RUN: quern-opt %s --split-input-file --quern-copy-at-seams --quern-copy-at-seams | FileCheck %s

// CHECK-LABEL: func.func @prompt
// CHECK: %[[A:.*]] = quern.stage "a"
// CHECK-NOT: quern.copy
// CHECK: quern.stage "b"
// CHECK: %[[C:.*]] = quern.copy "a" rows step %[[A]] : tensor<?x32xf32>
// CHECK-NEXT: quern.stage "c" rows step(%[[C]] :
// CHECK-NOT: quern.copy
// CHECK: %[[D:.*]] = quern.stage "d" rows step(%[[C]], %[[C]] :
// And back.
// CHECK: %[[E:.*]] = quern.copy "d" rows step %[[D]] {quern.device = 1 : i32}
// CHECK-NEXT: quern.stage "e" rows step(%[[E]], %[[A]] :
// CHECK-NOT: quern.copy
func.func @prompt(%x: tensor<?x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role prompt>} {
  %a = quern.stage "a" rows step (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>) attributes {quern.device = 1 : i32} {
  ^bb0(%p: tensor<?x32xf32>):
    %y = quern.scale %p by 2.0 : tensor<?x32xf32>
    quern.yield %y : tensor<?x32xf32>
  }
  %b = quern.stage "b" rows step (%a : tensor<?x32xf32>) -> (tensor<?x32xf32>) attributes {quern.device = 1 : i32} {
  ^bb0(%p: tensor<?x32xf32>):
    %y = quern.scale %p by 2.0 : tensor<?x32xf32>
    quern.yield %y : tensor<?x32xf32>
  }
  %c = quern.stage "c" rows step (%a : tensor<?x32xf32>) -> (tensor<?x32xf32>) {
  ^bb0(%p: tensor<?x32xf32>):
    %y = quern.scale %p by 2.0 : tensor<?x32xf32>
    quern.yield %y : tensor<?x32xf32>
  }
  %d = quern.stage "d" rows step (%a, %a : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>) {
  ^bb0(%p: tensor<?x32xf32>, %q: tensor<?x32xf32>):
    %y = quern.add %p, %q : tensor<?x32xf32>
    quern.yield %y : tensor<?x32xf32>
  }
  %e = quern.stage "e" rows step (%d, %a : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>) attributes {quern.device = 1 : i32} {
  ^bb0(%p: tensor<?x32xf32>, %q: tensor<?x32xf32>):
    %y = quern.add %p, %q : tensor<?x32xf32>
    quern.yield %y : tensor<?x32xf32>
  }
  return %e : tensor<?x32xf32>
}

// -----

// Selected rows are rows of logits on the other device, too.
// CHECK-LABEL: func.func @generated
// CHECK: quern.copy "select" rows logits
func.func @generated(%x: tensor<?x32xf32>, %rows: tensor<?xi32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %a = quern.stage "select" rows logits (%x, %rows : tensor<?x32xf32>, tensor<?xi32>) -> (tensor<?x32xf32>) {
  ^bb0(%p: tensor<?x32xf32>, %r: tensor<?xi32>):
    %y = quern.select_rows %p, %r : tensor<?x32xf32>, tensor<?xi32>
    quern.yield %y : tensor<?x32xf32>
  }
  %b = quern.stage "output" rows logits (%a : tensor<?x32xf32>) -> (tensor<?x32xf32>) attributes {quern.device = 1 : i32} {
  ^bb0(%p: tensor<?x32xf32>):
    %y = quern.scale %p by 2.0 : tensor<?x32xf32>
    quern.yield %y : tensor<?x32xf32>
  }
  return %b : tensor<?x32xf32>
}
