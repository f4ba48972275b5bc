// Barriers stand where memory was touched since the last one, and nowhere else.
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=2 chunk=16" | FileCheck %s
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=2 chunk=16" --quern-plan-memory="context=128 max-batch=2 chunk=16" | FileCheck %s

quern.kernel @k role generated rows step {
^bb0(%a: tensor<?x32xf32>):
  %0 = quern.scale %a by 2.0 : tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}
quern.kernel @k2 role generated rows step {
^bb0(%a: tensor<?x32xf32>, %b: tensor<?x32xf32>):
  %0 = quern.add %a, %b : tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// A consumer waits for its producer; what depends on neither does not wait.
// CHECK-LABEL: func.func @dependent
// CHECK: "a"{{.*}} -> (tensor<?x32xf32>) {offsets
// CHECK: "b"{{.*}} -> (tensor<?x32xf32>) {barrier, offsets
// CHECK: "c"{{.*}} -> (tensor<?x32xf32>) {offsets
// CHECK: "d"{{.*}} -> (tensor<?x32xf32>) {barrier, offsets
// Both of its operands are known to be complete since that barrier.
// CHECK: "e"{{.*}} -> (tensor<?x32xf32>) {offsets
func.func @dependent(%x: tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %a = quern.launch @k "a" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %b = quern.launch @k "b" (%a : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %c = quern.launch @k "c" (%a : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %d = quern.launch @k2 "d" (%b, %c : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %e = quern.launch @k2 "e" (%b, %c : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %f = quern.launch @k2 "f" (%d, %e : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return
}

// "c" reads nothing that was written, but writes where "a" lay, which "b" may
// still be reading: same place, so a barrier.
// CHECK-LABEL: func.func @write_after_read
// CHECK: "a"{{.*}} {offsets = array<i64: [[A:[0-9]+]]>}
// CHECK: "b"{{.*}} {barrier, offsets = array<i64: [[B:[0-9]+]]>}
// CHECK: "c"{{.*}} {barrier, offsets = array<i64: [[A]]>}
func.func @write_after_read(%x: tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %a = quern.launch @k "a" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %b = quern.launch @k "b" (%a : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %c = quern.launch @k "c" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %d = quern.launch @k2 "d" (%b, %c : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return
}

// Here "a" is still needed: "c" gets another place, and no barrier.
// CHECK-LABEL: func.func @alive
// CHECK: "a"{{.*}} {offsets = array<i64: [[#ALIVE:]]>}
// CHECK: "b"{{.*}} {barrier, offsets = array<i64: [[#ALIVE+1024]]>}
// CHECK: "c"{{.*}} {offsets = array<i64: [[#ALIVE+2048]]>}
// CHECK: "d"
func.func @alive(%x: tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %a = quern.launch @k "a" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %b = quern.launch @k "b" (%a : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %c = quern.launch @k "c" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %d = quern.launch @k2 "d" (%b, %c : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %e = quern.launch @k2 "e" (%a, %d : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return
}

// Nobody reads "a": "b" writes the same place and waits.
// CHECK-LABEL: func.func @write_after_write
// CHECK: "a"{{.*}} {offsets = array<i64: [[A:[0-9]+]]>}
// CHECK: "b"{{.*}} {barrier, offsets = array<i64: [[A]]>}
func.func @write_after_write(%x: tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %a = quern.launch @k "a" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %b = quern.launch @k "b" (%x : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  %c = quern.launch @k "c" (%b : tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return
}
