// What is copied lies at one offset of the front for both devices, as long as any of
// them reads it.
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=64 chunk=64" | FileCheck %s

module attributes {quern.vocabulary = 32} {
quern.kernel @k role prompt rows step {
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

// CHECK: front_bytes = [[#FRONT:]]

// "there" is read a last time through its copy by "late": until then nothing else
// that is copied takes its place, and "again" does so then. What one device keeps for
// itself lies behind the front.
// CHECK-LABEL: func.func @prompt
// CHECK: "there"{{.*}} {offsets = array<i64: [[#THERE:]]>, quern.device = 1
// CHECK: "back"{{.*}} {barrier, offsets = array<i64: [[#THERE+8192]]>}
// CHECK: "late"{{.*}} {offsets = array<i64: [[#FRONT]]>}
// CHECK: "again"{{.*}} {barrier, offsets = array<i64: [[#THERE]]>, quern.device = 1
// CHECK: "end"{{.*}} {barrier, offsets = array<i64: [[#FRONT]]>}
func.func @prompt(%x: tensor<?x32xf32>) attributes {quern.role = #quern<role prompt>} {
  %there = quern.launch @k "there" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>) {quern.device = 1 : i32}
  %0 = quern.copy "there" rows step %there : tensor<?x32xf32>
  %back = quern.launch @k "back" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %late = quern.launch @k "late" (%0 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %1 = quern.copy "back" rows step %back {quern.device = 1 : i32} : tensor<?x32xf32>
  %again = quern.launch @k "again" (%1 : tensor<?x32xf32>) -> (tensor<?x32xf32>) {quern.device = 1 : i32}
  %2 = quern.copy "again" rows step %again : tensor<?x32xf32>
  %end = quern.launch @k "end" (%2 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return
}

// The logits' launches run again and read what was copied before them.
// CHECK-LABEL: func.func @generated
// CHECK: "last"{{.*}} {offsets = array<i64: [[#LAST:]]>, quern.device = 1
// CHECK: "select"{{.*}} {barrier, offsets = array<i64: [[#FRONT]]>}
// CHECK: "norm"{{.*}} {barrier, offsets = array<i64: [[#LAST+8192]]>}
// CHECK: "output"{{.*}} {barrier, offsets = array<i64: {{.*}}>, quern.device = 1
func.func @generated(%x: tensor<?x32xf32>, %r: tensor<?xi32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %last = quern.launch @k "last" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>) {quern.device = 1 : i32}
  %0 = quern.copy "last" rows step %last : tensor<?x32xf32>
  %1 = quern.launch @select "select" (%0, %r : tensor<?x32xf32>, tensor<?xi32>) -> (tensor<?x32xf32>)
  %2 = quern.launch @head "norm" (%1 : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %3 = quern.copy "norm" rows logits %2 {quern.device = 1 : i32} : tensor<?x32xf32>
  %4 = quern.launch @head "output" (%3 : tensor<?x32xf32>) -> (tensor<?x32xf32>) {quern.device = 1 : i32}
  return %4 : tensor<?x32xf32>
}
}
