// A cache is its symbol: two values of one are one cache. Groups go by number.
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=2 chunk=16" | FileCheck %s
// Nothing is kept from one module to the next.
// RUN: sed 's/^/ /; 1i module {' %s | sed '$a }' > %t
// RUN: cat %t %t > %t.two
// RUN: quern-opt %t.two --mlir-disable-threading --pass-pipeline="builtin.module(builtin.module(quern-plan-memory{context=128 max-batch=2 chunk=16}))" | FileCheck %s --check-prefixes=CHECK,TWO

// CHECK: groups = [{layers = 1 : i64, {{.*}}window = 0 : i64}, {layers = 1 : i64, {{.*}}window = 32 : i64}]
quern.kv_cache @far : !quern.kv<1 x 32, window = 32, stored = f16, page = 64> group 1 index 0
quern.kv_cache @kv : !quern.kv<1 x 32, stored = f16, page = 64> group 0 index 0
quern.kernel @write role generated rows step {
^bb0(%k: tensor<?x32xf32>, %kv: !quern.kv<1 x 32, window = ?, stored = f16, page = 64>, %s: !quern.step):
  quern.kv_write %k, %k, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<1 x 32, window = ?, stored = f16, page = 64>
  quern.yield
}
quern.kernel @read role generated rows step {
^bb0(%q: tensor<?x32xf32>, %kv: !quern.kv<1 x 32, window = ?, stored = f16, page = 64>, %s: !quern.step):
  %0 = quern.attention %q, %kv, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32, window = ?, stored = f16, page = 64>, !quern.step) -> tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}
quern.kernel @add role generated rows step {
^bb0(%a: tensor<?x32xf32>, %b: tensor<?x32xf32>):
  %0 = quern.add %a, %b : tensor<?x32xf32>
  quern.yield %0 : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @generated
// CHECK: quern.launch @write "w"{{.*}} {offsets = array<i64>}
// CHECK: quern.launch @read "other"{{.*}} {offsets
// CHECK: quern.launch @read "r"{{.*}} {barrier, offsets
func.func @generated(%x: tensor<?x32xf32>, %s: !quern.step) attributes {quern.role = #quern<role generated>} {
  %0 = quern.get @kv : !quern.kv<1 x 32, stored = f16, page = 64>
  %1 = quern.get @kv : !quern.kv<1 x 32, stored = f16, page = 64>
  %2 = quern.get @far : !quern.kv<1 x 32, window = 32, stored = f16, page = 64>
  quern.launch @write "w" (%x, %0, %s : tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>, !quern.step)
  %3 = quern.launch @read "other" (%x, %2, %s : tensor<?x32xf32>, !quern.kv<1 x 32, window = 32, stored = f16, page = 64>, !quern.step) -> (tensor<?x32xf32>)
  %4 = quern.launch @read "r" (%x, %1, %s : tensor<?x32xf32>, !quern.kv<1 x 32, stored = f16, page = 64>, !quern.step) -> (tensor<?x32xf32>)
  %5 = quern.launch @add "sum" (%3, %4 : tensor<?x32xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>)
  return
}

// The same in the second module.
// TWO: module attributes {quern.plan = {arena_bytes = {{[0-9]+}} : i64, {{.*}}chunk = {{.*}} groups = [{layers = 1 : i64, {{.*}}window = 0 : i64}, {layers = 1 : i64, {{.*}}window = 32 : i64}]
