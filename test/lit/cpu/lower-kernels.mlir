// A kernel becomes a function over memory; its launches stay.
// RUN: quern-opt %s --quern-cpu-lower-kernels=mcpu=x86-64-v3 | FileCheck %s
// RUN: quern-opt %s --quern-cpu-lower-kernels=mcpu=x86-64-v3 > %t.1
// RUN: quern-opt %s --quern-cpu-lower-kernels=mcpu=x86-64-v3 > %t.2
// RUN: cmp %t.1 %t.2

// CHECK-NOT: quern.kernel
// CHECK: func.func @generated.scale.0(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64)
// CHECK: builtin.unrealized_conversion_cast %{{.*}} : !llvm.ptr to memref<?x64xf32>
// CHECK: scf.for
// CHECK: vector.store
// CHECK: return
quern.kernel @generated.scale.0 role generated rows step {
^bb0(%a: tensor<?x40xf32>):
  %0 = quern.scale %a by 2.0 : tensor<?x40xf32>
  quern.yield %0 : tensor<?x40xf32>
}

// Two conversions need two places to keep what they convert: always in the same
// order.
// CHECK: func.func @generated.scale.1
quern.kernel @generated.scale.1 role generated rows step {
^bb0(%a: tensor<?x64xf32>):
  %0 = quern.scale %a by 2.0 : tensor<?x64xf32>
  %1 = quern.scale %a by 3.0 : tensor<?x64xf32>
  %2 = quern.convert %0 : tensor<?x64xf32> -> !quern.rows<64, i16>
  %3 = quern.convert %1 : tensor<?x64xf32> -> !quern.rows<64, bf16>
  quern.yield %2, %3 : !quern.rows<64, i16>, !quern.rows<64, bf16>
}

// CHECK: func.func @generated
// CHECK: quern.launch @generated.scale.0 "a"
func.func @generated(%x: tensor<?x40xf32>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.launch @generated.scale.0 "a" (%x : tensor<?x40xf32>) -> (tensor<?x40xf32>)
  return
}
