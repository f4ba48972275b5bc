// Both activations of the gated linear unit.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @glu
// GENERIC-LABEL: sym_name = "glu"
func.func @glu(%g: tensor<?x1536xf32>, %u: tensor<?x1536xf32>) {
  // CHECK: quern.glu silu %[[G:.*]], %[[U:.*]] : tensor<?x1536xf32>
  // GENERIC: "quern.glu"(%{{.*}}, %{{.*}}) <{activation = #quern{{.*}}silu>}>
  %0 = quern.glu silu %g, %u : tensor<?x1536xf32>
  // CHECK: quern.glu gelu %[[U]], %[[G]] : tensor<?x1536xf32>
  // GENERIC: "quern.glu"(%{{.*}}, %{{.*}}) <{activation = #quern{{.*}}gelu>}>
  %1 = quern.glu gelu %u, %g : tensor<?x1536xf32>
  return
}
