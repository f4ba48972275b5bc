// A read of a cache waits for the write to that cache, not to another.
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=2 chunk=16" | FileCheck %s

quern.kernel @write role generated rows step {
^bb0(%k: tensor<?x32xf32>, %kv: !quern.kv<1 x 32, stored = f16, page = 64>, %s: !quern.step):
  quern.kv_write %k, %k, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>
  quern.yield %k : tensor<?x32xf32>
}
quern.kernel @read role generated rows step {
^bb0(%q: tensor<?x32xf32>, %kv: !quern.kv<1 x 32, stored = f16, page = 64>, %s: !quern.step):
  %0 = quern.attention %q, %kv, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>, !quern.step) -> tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @generated
// CHECK: "w.0"{{.*}} {offsets
// CHECK: "r.1"{{.*}} {offsets
// CHECK: "r.0"{{.*}} {barrier, offsets
// Write after read.
// CHECK: "w.1"{{.*}} {offsets
// CHECK: "w.0.again"{{.*}} {barrier, offsets
func.func @generated(%x: tensor<?x32xf32>, %s: !quern.step, %a: !quern.kv<1 x 32, stored = f16, page = 64>, %b: !quern.kv<1 x 32, stored = f16, page = 64>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @write "w.0" (%x, %a, %s : tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>, !quern.step) -> (tensor<?x32xf32>)
  %1 = quern.launch @read "r.1" (%x, %b, %s : tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>, !quern.step) -> (tensor<?x32xf32>)
  %2 = quern.launch @read "r.0" (%x, %a, %s : tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>, !quern.step) -> (tensor<?x32xf32>)
  %3 = quern.launch @write "w.1" (%x, %b, %s : tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>, !quern.step) -> (tensor<?x32xf32>)
  %4 = quern.launch @write "w.0.again" (%x, %a, %s : tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>, !quern.step) -> (tensor<?x32xf32>)
  %5 = quern.launch @sum "sum" (%0, %1, %2, %3, %4 : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return
}
quern.kernel @sum role generated rows step {
^bb0(%a: tensor<?x32xf32>, %b: tensor<?x32xf32>, %c: tensor<?x32xf32>, %d: tensor<?x32xf32>, %e: tensor<?x32xf32>):
  quern.yield %a : tensor<?x32xf32>
}
