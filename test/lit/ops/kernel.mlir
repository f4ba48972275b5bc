// Kernels and launches for both roles.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK: quern.kernel @generated.add.0 role generated rows step {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x576xf32>):
// GENERIC: "quern.kernel"() <{role = #quern{{.*}}generated>, rows = #quern{{.*}}step>, sym_name = "generated.add.0"}> ({
quern.kernel @generated.add.0 role generated rows step {
^bb0(%a: tensor<?x576xf32>):
  %0 = quern.add %a, %a : tensor<?x576xf32>
  quern.yield %0 : tensor<?x576xf32>
}
// CHECK: quern.kernel @prompt.rows role prompt rows logits {
quern.kernel @prompt.rows role prompt rows logits {
^bb0(%kv: !quern.kv<3 x 64, window = ?>, %x: tensor<?x576xf32>):
  quern.yield %x : tensor<?x576xf32>
}

// CHECK-LABEL: func.func @launch
// GENERIC-LABEL: sym_name = "launch"
func.func @launch(%x: tensor<?x576xf32>, %kv: !quern.kv<3 x 64, window = 512>) {
  // CHECK: quern.launch @generated.add.0 "blk.0.add"{{ ?}}(%{{.*}} : tensor<?x576xf32>) -> (tensor<?x576xf32>){{$}}
  // GENERIC: "quern.launch"(%{{.*}}) <{kernel = @generated.add.0, name = "blk.0.add"}> : (tensor<?x576xf32>) -> tensor<?x576xf32>
  %0 = quern.launch @generated.add.0 "blk.0.add" (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>)
  // CHECK: quern.launch @generated.add.0 "blk.1.add"{{ ?}}(%{{.*}} : tensor<?x576xf32>) -> (tensor<?x576xf32>) {barrier, offsets = array<i64: 4096>}
  // GENERIC: "quern.launch"(%{{.*}}) <{barrier, kernel = @generated.add.0, name = "blk.1.add", offsets = array<i64: 4096>}>
  %1 = quern.launch @generated.add.0 "blk.1.add" (%0 : tensor<?x576xf32>) -> (tensor<?x576xf32>) {barrier, offsets = array<i64: 4096>}
  // A kernel that knows no window serves all of them.
  // CHECK: quern.launch @prompt.rows "rows"{{ ?}}(%{{.*}}, %{{.*}} : !quern.kv<3 x 64{{ ?}}, window = 512>, tensor<?x576xf32>) -> (tensor<?x576xf32>)
  %2 = quern.launch @prompt.rows "rows" (%kv, %x : !quern.kv<3 x 64, window = 512>, tensor<?x576xf32>) -> (tensor<?x576xf32>)
  // A function is what a target lowers a kernel to.
  // CHECK: quern.launch @lowered "lowered"
  quern.launch @lowered "lowered" ()
  return
}
func.func private @lowered()
