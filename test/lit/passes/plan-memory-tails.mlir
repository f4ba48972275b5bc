// A program ends in one of two tails. Both results have places that the plan names;
// what both tails read lives behind the front until the last launch has read it.
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=8 chunk=8" | FileCheck %s

// CHECK: best = 2 : i64, best_stride = 32 : i64
// CHECK-SAME: front_bytes = [[#FRONT:]]
// CHECK-SAME: logits = [[#LOGITS:]] : i64
// CHECK-SAME: ranked = [[#LOGITS+4096]] : i64
quern.kernel @head role generated rows logits {
^bb0(%a: tensor<?x32xf32>, %r: tensor<?xi32>):
  %0 = quern.select_rows %a, %r : tensor<?x32xf32>, tensor<?xi32>
  quern.yield %0 : tensor<?x32xf32>
}
quern.kernel @top_k role generated rows logits {
^bb0(%a: tensor<?x32xf32>):
  %0 = quern.top_k %a {k = 2 : i64, part = 8 : i64} : (tensor<?x32xf32>) -> tensor<?x16xf32>
  quern.yield %0 : tensor<?x16xf32>
}
quern.kernel @merge role generated rows logits {
^bb0(%a: tensor<?x16xf32>):
  %0 = quern.merge_top_k %a {k = 2 : i64, lists = 4 : i64} : (tensor<?x16xf32>) -> tensor<?x4xf32>
  quern.yield %0 : tensor<?x4xf32>
}
quern.kernel @read_back role generated rows logits {
^bb0(%a: tensor<?x32xf32>):
  %0 = quern.read_back %a : tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// The last launch waits though the one before it has waited for the same: it may
// follow the head alone.
// CHECK-LABEL: func.func @generated
// CHECK: "output"{{.*}} {offsets = array<i64: [[#FRONT]]>}
// CHECK: "top_k"{{.*}} {barrier, offsets = array<i64: [[#FRONT+4096]]>}
// CHECK: "merge_top_k"{{.*}} {barrier, offsets = array<i64: [[#LOGITS+4096]]>}
// CHECK: "logits"{{.*}} {barrier, offsets = array<i64: [[#LOGITS]]>}
func.func @generated(%x: tensor<?x32xf32>, %r: tensor<?xi32>) -> (tensor<?x32xf32>, tensor<?x4xf32>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @head "output" (%x, %r : tensor<?x32xf32>, tensor<?xi32>) -> (tensor<?x32xf32>)
  %1 = quern.launch @top_k "top_k" (%0 : tensor<?x32xf32>) -> (tensor<?x16xf32>)
  %2 = quern.launch @merge "merge_top_k" (%1 : tensor<?x16xf32>) -> (tensor<?x4xf32>)
  %3 = quern.launch @read_back "logits" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return %3, %2 : tensor<?x32xf32>, tensor<?x4xf32>
}
