// Caches of one shape and window share a group; layers are counted in it.
// RUN: quern-opt %s --quern-lay-out-kv | FileCheck %s
// RUN: quern-opt %s --quern-lay-out-kv="stored=f32 page=16" | FileCheck %s --check-prefix=F32
// RUN: quern-opt %s --quern-lay-out-kv="stored=f32 page=16" --quern-lay-out-kv | FileCheck %s

// CHECK: @kv.0 : {{.*}}<3 x 64{{ ?}}, window = 512, stored = f16, page = 64> group 0 index 0
// CHECK: @kv.1 : {{.*}}<3 x 64{{ ?}}, stored = f16, page = 64> group 1 index 0
// CHECK: @kv.2 : {{.*}}<3 x 64{{ ?}}, window = 512, stored = f16, page = 64> group 0 index 1
// CHECK: @kv.3 : {{.*}}<1 x 64{{ ?}}, window = 512, stored = f16, page = 64> group 2 index 0
// CHECK: @kv.4 : {{.*}}<3 x 64{{ ?}}, stored = f16, page = 64> group 1 index 1
// F32: @kv.0 : {{.*}}<3 x 64{{ ?}}, window = 512, stored = f32, page = 16> group 0 index 0
quern.kv_cache @kv.0 : !quern.kv<3 x 64, window = 512>
quern.kv_cache @kv.1 : !quern.kv<3 x 64>
quern.kv_cache @kv.2 : !quern.kv<3 x 64, window = 512>
quern.kv_cache @kv.3 : !quern.kv<1 x 64, window = 512>
quern.kv_cache @kv.4 : !quern.kv<3 x 64>

// What is got has the new type.
// CHECK-LABEL: func.func @forward
// CHECK: quern.get @kv.0 : !quern.kv<3 x 64{{ ?}}, window = 512, stored = f16, page = 64>
func.func @forward(%k: tensor<?x192xf32>, %s: !quern.step) {
  %kv = quern.get @kv.0 : !quern.kv<3 x 64, window = 512>
  quern.kv_write %k, %k, %kv, %s : tensor<?x192xf32>, tensor<?x192xf32>, !quern.kv<3 x 64, window = 512>
  return
}
