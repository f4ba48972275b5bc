// What the logits stages read lives to the end: they may run again.
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=64 chunk=64" | FileCheck %s

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

// "dead" is read for the last time before: "late" and the selection take its
// place, and nothing that of "last", although "norm" no longer needs it.
// CHECK-LABEL: func.func @generated
// CHECK: "dead"{{.*}} {offsets = array<i64: [[#DEAD:]]>}
// CHECK: "last"{{.*}} {barrier, offsets = array<i64: [[#DEAD+8192]]>}
// CHECK: "late"{{.*}} {barrier, offsets = array<i64: [[#DEAD]]>}
// CHECK: "select"{{.*}} {barrier, offsets = array<i64: [[#DEAD]]>}
// CHECK: "norm"{{.*}} {barrier, offsets = array<i64: [[#DEAD+16384]]>}
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
