// The write of keys and values has no result.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @kv_write
// GENERIC-LABEL: sym_name = "kv_write"
func.func @kv_write(%k: tensor<?x192xf32>, %v: tensor<?x192xf32>, %kv: !quern.kv<3 x 64>, %s: !quern.step) {
  // CHECK: quern.kv_write %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x192xf32>, tensor<?x192xf32>, {{(!quern.kv)?}}<3 x 64{{ ?}}>
  // GENERIC: "quern.kv_write"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x192xf32>, tensor<?x192xf32>, !quern.kv<3 x 64{{ ?}}>, !quern.step) -> ()
  quern.kv_write %k, %v, %kv, %s : tensor<?x192xf32>, tensor<?x192xf32>, !quern.kv<3 x 64>
  return
}
