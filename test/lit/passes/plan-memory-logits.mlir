// What the logits stages read lives to the end: they may run again.
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=2 chunk=16" | FileCheck %s

module attributes {quern.vocabulary = 32} {
// The logits' place is one that the plan names, at the front of the arena.
// CHECK: logits = [[LOGITS:[0-9]+]] : i64
quern.kernel @k role generated rows step {
^bb0(%a: tensor<?x32xf32>):
  %0 = quern.scale %a by 2.0 : tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}
quern.kernel @select role generated rows logits {
^bb0(%a: tensor<?x32xf32>, %r: tensor<?xi32>):
  %0 = quern.select_rows %a, %r : tensor<?x32xf32>, tensor<?xi32>
  quern.yield %0 : tensor<?x32xf32>
}
quern.kernel @head role generated rows logits {
^bb0(%a: tensor<?x32xf32>):
  %0 = quern.scale %a by 2.0 : tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// "dead" is read for the last time before: "late" takes its place, and nothing
// that of "last", although "norm" no longer needs it.
// CHECK-LABEL: func.func @generated
// CHECK: "dead"{{.*}} {offsets = array<i64: [[#DEAD:]]>}
// CHECK: "last"{{.*}} {barrier, offsets = array<i64: [[#DEAD+1024]]>}
// CHECK: "late"{{.*}} {barrier, offsets = array<i64: [[#DEAD]]>}
// CHECK: "select"{{.*}} {offsets = array<i64: [[#DEAD+2048]]>}
// CHECK: "norm"{{.*}} {barrier, offsets = array<i64: [[#DEAD+6144]]>}
// CHECK: "output"{{.*}} {barrier, offsets = array<i64: [[LOGITS]]>}
func.func @generated(%x: tensor<?x32xf32>, %r: tensor<?xi32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @k "dead" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %1 = quern.launch @k "last" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %late = quern.launch @k "late" (%1 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %2 = quern.launch @select "select" (%1, %r : tensor<?x32xf32>, tensor<?xi32>) -> (tensor<?x32xf32>)
  %3 = quern.launch @head "norm" (%2 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %4 = quern.launch @head "output" (%3 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return %4 : tensor<?x32xf32>
}
}
