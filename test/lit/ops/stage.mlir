// A stage, its block and what it yields.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @stage
// GENERIC-LABEL: sym_name = "stage"
func.func @stage(%x: tensor<?x576xf32>) {
  // CHECK: quern.stage "blk.0.add" rows step{{ ?}}(%{{.*}} : tensor<?x576xf32>) -> (tensor<?x576xf32>) {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x576xf32>):
  // CHECK-NEXT: %[[Y:.*]] = quern.add %[[A]], %[[A]]
  // CHECK-NEXT: quern.yield %[[Y]] : tensor<?x576xf32>
  // GENERIC: "quern.stage"(%{{.*}}) <{name = "blk.0.add", rows = #quern{{.*}}step>}> ({
  // GENERIC: "quern.yield"(%{{.*}}) : (tensor<?x576xf32>) -> ()
  %0 = quern.stage "blk.0.add" rows step (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) {
  ^bb0(%a: tensor<?x576xf32>):
    %1 = quern.add %a, %a : tensor<?x576xf32>
    quern.yield %1 : tensor<?x576xf32>
  }
  return
}
