// Without a root, the first op gives the kernel's name.
// RUN: quern-opt %s --quern-form-stages --quern-outline-kernels | FileCheck %s

// CHECK: quern.kernel @generated.scale.0
// CHECK-LABEL: func.func @generated
// CHECK: quern.launch @generated.scale.0 "e"
func.func @generated(%x: tensor<?x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.scale %x by 2.0 : tensor<?x32xf32> loc("e")
  %1 = quern.add %0, %x : tensor<?x32xf32>
  return %1 : tensor<?x32xf32>
}
