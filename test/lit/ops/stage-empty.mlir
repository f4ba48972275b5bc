// Stages and launches without results, and without operands.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK: quern.kernel @none role prompt rows step {
quern.kernel @none role prompt rows step {
  quern.yield
}

// CHECK-LABEL: func.func @empty
// GENERIC-LABEL: sym_name = "empty"
func.func @empty(%x: tensor<?x576xf32>, %kv: !quern.kv<9 x 64>, %s: !quern.step) {
  // CHECK: quern.stage "write" rows step{{ ?}}(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x576xf32>, !quern.kv<9 x 64>, !quern.step) {
  // CHECK: quern.yield{{$}}
  // GENERIC: <{name = "write", rows = #quern{{.*}}step>}>
  quern.stage "write" rows step (%x, %kv, %s : tensor<?x576xf32>, !quern.kv<9 x 64>, !quern.step) {
  ^bb0(%a: tensor<?x576xf32>, %b: !quern.kv<9 x 64>, %c: !quern.step):
    quern.kv_write %a, %a, %b, %c : tensor<?x576xf32>, tensor<?x576xf32>, !quern.kv<9 x 64>
    quern.yield
  }
  // CHECK: quern.launch @none "none"(){{$}}
  // GENERIC: "quern.launch"() <{kernel = @none, name = "none"}> : () -> ()
  quern.launch @none "none" ()
  return
}
