// Sizes follow from the limits; places of weights, tables and pools are apart.
// RUN: quern-opt %s --quern-plan-memory="context=128 max-batch=2 chunk=16" | FileCheck %s
// RUN: quern-opt %s --quern-plan-memory="context=256 max-batch=4 chunk=64" | FileCheck %s --check-prefix=MORE

// Two sequences of 128 tokens in pages of 64: 4 pages of 2 * 2 * 1 * 32 * 64
// bytes for each of the two layers, and no more for that with a window.
// CHECK: chunk = 16 : i64, context = 128 : i64
// CHECK-SAME: groups = [{layers = 2 : i64, page_bytes = 8192 : i64, page_tokens = 64 : i64, pages = 4 : i64, pages_per_sequence = 2 : i64, pool = 0 : i64, table = {{[0-9]+}} : i64, window = 0 : i64},
// CHECK-SAME: {layers = 1 : i64, {{.*}}pages = 4 : i64, pages_per_sequence = 2 : i64, pool = 65536 : i64, {{.*}}window = 32 : i64}]
// CHECK-SAME: kv_bytes = 98304 : i64, logit_rows = 32 : i64
// CHECK-SAME: max_batch = 2 : i64
// Four of 256 tokens: 16 pages. The 31 positions before a step touch at most 2
// pages each, its 64 rows at most one and what they begin anew: 4 * 2 + 1 + 4.
// MORE: pages = 16 : i64, pages_per_sequence = 4 : i64
// MORE-SAME: {{.*}}pages = 13 : i64, pages_per_sequence = 4 : i64, {{.*}}window = 32 : i64
quern.kv_cache @kv.0 : !quern.kv<1 x 32, stored = f16, page = 64> group 0 index 0
quern.kv_cache @kv.1 : !quern.kv<1 x 32, window = 32, stored = f16, page = 64> group 1 index 0
quern.kv_cache @kv.2 : !quern.kv<1 x 32, stored = f16, page = 64> group 0 index 1

// CHECK: quern.weight @small : tensor<3xf32> at 0
quern.weight @small : tensor<3xf32>
// CHECK: quern.weight @next : tensor<32xf32> at 64
quern.weight @next : tensor<32xf32>
// CHECK: quern.constant @c = {{.*}} at 192
quern.constant @c = dense<0.0> : tensor<2x4xf32>
// CHECK: quern.weight @end : tensor<32xf32> at 256
quern.weight @end : tensor<32xf32>
