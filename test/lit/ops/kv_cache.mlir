// KV caches before and after they are laid out.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK: quern.kv_cache @kv.0 : {{(!quern.kv)?}}<3 x 64{{ ?}}>{{$}}
// GENERIC: "quern.kv_cache"() <{sym_name = "kv.0", type = !quern.kv<3 x 64{{ ?}}>}>
quern.kv_cache @kv.0 : !quern.kv<3 x 64>

// CHECK: quern.kv_cache @kv.1 : {{(!quern.kv)?}}<3 x 64{{ ?}}, window = 512, stored = f16, page = 64> group 1 index 2
// GENERIC: "quern.kv_cache"() <{group = 1 : i64, index = 2 : i64, sym_name = "kv.1",
quern.kv_cache @kv.1 : !quern.kv<3 x 64, window = 512, stored = f16, page = 64> group 1 index 2
